/** A transaction is begun on one client, not through the pool. */
import { defineRule } from '../define-rule.ts';
import { pooledTransactions } from '../model/pooled-transactions.ts';
import { shortened } from '../model/sql-text.ts';
import { throughOneClient } from '../repairs/one-client.ts';

export default defineRule('no-pool-query-transaction', function* (file) {
  for (const sending of pooledTransactions(file)) {
    const { node, through, text } = sending;
    const edits = throughOneClient(file, sending);
    yield {
      node,
      messageId: 'pooled',
      data: { pool: file.source.getText(through), statement: shortened(text) },
      suggestion: edits && { messageId: 'throughOneClient', edits },
    };
  }
});
