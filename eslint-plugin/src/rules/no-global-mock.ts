/** What the imported `mock` replaces, nobody puts back; `t.mock` is undone with its test. */
import { defineRule, type Edit } from '../define-rule.ts';
import { isInside } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';
import { mockOf } from '../model/mocks.ts';
import { contextOf } from '../repairs/context.ts';

export default defineRule('no-global-mock', function* (file) {
  for (const fixture of file.withFault('no-global-mock')) {
    const { lifetime, name, acquiredAt, releasedAt } = fixture;
    const message = lifetime.kind === 'mock' ? 'mock' : 'timers';
    const own = useContext(file, fixture);
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is === 'inline' ? `${message}Inline` : message,
      data: {
        name,
        scope: lifetime.acquired,
        line: String(releasedAt?.loc.start.line ?? ''),
      },
      suggestion: own && {
        messageId: 'useContext',
        data: { context: own.context },
        edits: own.edits,
      },
    };
  }
});

/** Every `mock` of the test becomes that of its context, so that its timers tick with those enabled. */
function useContext(
  file: FileModel,
  { frame, acquiredAt }: Fixture,
): { context: string; edits: Edit[] } | undefined {
  if (frame.is !== 'test') return undefined;
  const context = contextOf(file, frame, acquiredAt);
  const variable = mockOf(file, acquiredAt);
  if (!context || !variable) return undefined;
  const uses = file.variables
    .references(variable)
    .filter(({ identifier }) => isInside(identifier, frame.fn));
  const inserted = uses.map(({ identifier: { range } }): Edit => ({
    range: [range[0], range[0]],
    text: `${context.name}.`,
  }));
  return { context: context.name, edits: [...context.edits, ...inserted] };
}
