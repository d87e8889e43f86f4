/** A transaction is not begun inside another one of the same connection. */
import { defineRule } from '../define-rule.ts';
import { nestedBegins } from '../model/nested-begins.ts';

export default defineRule('no-nested-begin', function* (file) {
  for (const { begin, transaction } of nestedBegins(file)) {
    yield {
      node: begin.node,
      messageId: 'nested',
      data: { client: transaction.handle.name, line: String(transaction.begun.loc.start.line) },
    };
  }
});
