/** The shared schema is made once, not by every test file. */
import { defineRule } from '../define-rule.ts';
import { schemaChanges } from '../model/schema-changes.ts';

export default defineRule('no-concurrent-migrations', function* (file) {
  for (const { node, statement } of schemaChanges(file)) {
    yield { node, messageId: 'schema', data: { statement } };
  }
});
