/** A pool belongs to the file, not to each test. */
import { defineRule } from '../define-rule.ts';

export default defineRule('no-per-test-pool', function* (file) {
  for (const { acquiredAt, name } of file.withFault('no-per-test-pool')) {
    yield { node: acquiredAt, messageId: 'perTest', data: { resource: name } };
  }
});
