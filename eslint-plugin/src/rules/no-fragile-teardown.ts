/** What others still need is released after them: hooks run in the order of their registration. */
import { defineRule } from '../define-rule.ts';
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
});
