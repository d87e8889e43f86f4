/** What others still need is released after them, and what fails skips nothing. */
import { defineRule } from '../define-rule.ts';
import type { Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { teardownSequences } from '../model/teardown-sequences.ts';
import { moveBehind } from '../repairs/order.ts';

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
  for (const { first, skipped } of teardownSequences(file)) {
    yield {
      node: first,
      messageId: 'sequence',
      data: {
        release: shortened(file, first),
        skipped: shortened(file, skipped),
        line: String(skipped.loc.start.line),
      },
    };
  }
});

/** A statement as a message names it: its first line, without what follows a long one. */
function shortened(file: FileModel, statement: Node): string {
  const [line = ''] = file.source.getText(statement).split('\n');
  const text = line.replace(/^await /, '').replace(/;$/, '');
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
