/** After an SQL error a transaction is rolled back before anything else is asked of it. */
import { defineRule } from '../define-rule.ts';
import { shortened } from '../model/sql-text.ts';
import { swallowedErrors } from '../model/swallowed-errors.ts';
import { guardFailure } from '../repairs/rollback.ts';

export default defineRule('no-swallowed-sql-error', function* (file) {
  for (const { failing, next, transaction } of swallowedErrors(file)) {
    const edits = guardFailure(file, transaction, failing.node);
    yield {
      node: failing.node,
      messageId: 'swallowed',
      data: {
        begunLine: String(transaction.begun.loc.start.line),
        next: shortened(next.text),
        nextLine: String(next.node.loc.start.line),
      },
      suggestion: edits && { messageId: 'guard', edits },
    };
  }
});
