/** A schema is built before the pool that uses it, not anew for each test. */
import { defineRule } from '../define-rule.ts';
import { schemaChurn } from '../model/schema-churn.ts';

export default defineRule('no-schema-churn-on-live-pool', function* (file) {
  for (const { node, statement } of schemaChurn(file)) {
    yield { node, messageId: 'churn', data: { statement } };
  }
});
