/** What others still need is released after them: hooks run in the order of their registration. */
import { defineRule, type Edit } from '../define-rule.ts';
import { separatorAt } from '../edits.ts';
import { statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';

export default defineRule('no-fragile-teardown', function* (file) {
  for (const { name, releasedAt, acquiredAt, dependent } of file.withFault('no-fragile-teardown')) {
    if (!dependent) continue;
    const node = releasedAt ?? acquiredAt;
    const edits = moveBehind(file, node, dependent.releasedAt);
    yield {
      node,
      messageId: 'order',
      data: {
        resource: name,
        dependent: dependent.name,
        dependentLine: String(dependent.releasedAt.loc.start.line),
      },
      suggestion: edits && { messageId: 'moveAfterDependent', edits },
    };
  }
});

/** Moves the statement that registers the one release behind that of the other. */
function moveBehind(file: FileModel, release: Node, dependent: Node): Edit[] | undefined {
  const [moved, behind] = [statementOf(release), statementOf(dependent)];
  if (moved.parent !== behind.parent || moved.type !== 'ExpressionStatement') return undefined;
  const { text } = file.source;
  const start = text.lastIndexOf('\n', moved.range[0] - 1);
  const code = text.slice(...moved.range);
  return [
    { range: [start < 0 ? moved.range[0] : start, moved.range[1]], text: '' },
    { range: [behind.range[1], behind.range[1]], text: `${separatorAt(file, behind)}${code}` },
  ];
}
