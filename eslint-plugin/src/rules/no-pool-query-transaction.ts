/** A transaction is begun on one client, not through the pool. */
import { defineRule } from '../define-rule.ts';
import { pooledTransactions } from '../model/pooled-transactions.ts';
import { shortened } from '../model/sql-text.ts';

export default defineRule('no-pool-query-transaction', function* (file) {
  for (const { node, through, text } of pooledTransactions(file)) {
    yield {
      node,
      messageId: 'pooled',
      data: { pool: file.source.getText(through), statement: shortened(text) },
    };
  }
});
