/** Tests do not empty tables that other test files are using. */
import { defineRule } from '../define-rule.ts';
import { emptiedTables } from '../model/emptied-tables.ts';

export default defineRule('no-shared-truncate', function* (file) {
  for (const { node, statement } of emptiedTables(file)) {
    yield { node, messageId: 'emptied', data: { statement } };
  }
});
