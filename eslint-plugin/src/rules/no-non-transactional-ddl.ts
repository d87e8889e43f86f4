/** What refuses to run in a transaction is not sent inside one. */
import { defineRule } from '../define-rule.ts';
import { refusedStatements } from '../model/refused-statements.ts';
import { shortened } from '../model/sql-text.ts';
import { cloneInstead } from '../repairs/clone.ts';

export default defineRule('no-non-transactional-ddl', function* (file) {
  for (const { sending, inside, sandbox } of refusedStatements(file)) {
    const edits = sandbox && cloneInstead(sandbox);
    yield {
      node: sending.node,
      messageId: inside,
      data: { statement: shortened(sending.text) },
      suggestion: edits && { messageId: 'cloneInstead', edits },
    };
  }
});
