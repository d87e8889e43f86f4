/** Tests that run at the same time share no variable that is filled for each of them. */
import { defineRule } from '../define-rule.ts';
import { sharedLets } from '../model/shared-lets.ts';

export default defineRule('no-shared-let-in-concurrent-suite', function* (file) {
  for (const { node, name, suite } of sharedLets(file)) {
    yield { node, messageId: 'shared', data: { name, line: String(suite.loc.start.line) } };
  }
});
