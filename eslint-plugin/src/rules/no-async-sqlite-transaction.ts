/** A transaction of better-sqlite3 is given a synchronous function. */
import { defineRule } from '../define-rule.ts';
import { asyncSqliteTransactions } from '../model/async-sqlite-transactions.ts';

export default defineRule('no-async-sqlite-transaction', function* (file) {
  for (const callee of asyncSqliteTransactions(file)) {
    yield {
      node: callee,
      messageId: 'asynchronous',
      data: { call: `${file.source.getText(callee)}()` },
    };
  }
});
