/** undici's global dispatcher is put back by whoever replaced it. */
import { defineRule, type Edit } from '../define-rule.ts';
import { saveAndRestore } from '../edits.ts';
import { bare, isCall } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Fixture } from '../model/fixtures.ts';

export default defineRule('no-unrestored-dispatcher', function* (file) {
  for (const fixture of file.withFault('no-unrestored-dispatcher')) {
    const { acquiredAt, releasedAt, lifetime } = fixture;
    const edits = registerRestore(file, fixture);
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is,
      data: { scope: lifetime.acquired, line: String(releasedAt?.loc.start.line ?? '') },
      suggestion: edits && { messageId: 'registerRestore', edits },
    };
  }
});

/** Saves the dispatcher first; imports what reads it beside what replaces it. */
function registerRestore(file: FileModel, fixture: Fixture): Edit[] | undefined {
  if (!isCall(fixture.acquiredAt)) return undefined;
  const callee = bare(fixture.acquiredAt.callee);
  const set = file.source.getText(callee);
  if (!set.endsWith('setGlobalDispatcher')) return undefined;
  const get = set.replace(/setGlobalDispatcher$/, 'getGlobalDispatcher');
  const edits = saveAndRestore(file, fixture, {
    save: `const previousDispatcher = ${get}();`,
    restore: `${set}(previousDispatcher)`,
  });
  if (!edits || callee.type !== 'Identifier' || file.source.text.includes(get)) return edits;
  const imported = file.variables.of(callee)?.identifiers[0]?.range;
  return imported && [...edits, { range: [imported[1], imported[1]], text: `, ${get}` }];
}
