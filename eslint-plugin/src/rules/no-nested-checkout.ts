/** Inside a transaction every statement goes through the transaction. */
import { defineRule } from '../define-rule.ts';
import { nestedCheckouts } from '../model/nested-checkouts.ts';

export default defineRule('no-nested-checkout', function* (file) {
  for (const { asked, outer, transaction } of nestedCheckouts(file)) {
    const { begun, handle } = transaction;
    yield {
      node: asked,
      messageId: 'past',
      data: {
        outer: outer.name,
        handle: handle.name,
        line: String(begun.loc.start.line),
      },
      suggestion: {
        messageId: 'useTransaction',
        edits: [{ range: asked.range, text: handle.name }],
      },
    };
  }
});
