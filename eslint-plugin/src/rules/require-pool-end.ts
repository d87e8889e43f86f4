/** A pool that a test file opens is ended by it. */
import { defineRule } from '../define-rule.ts';
import { releaseRepairs } from '../repairs/releases.ts';

export default defineRule('require-pool-end', function* (file) {
  for (const fixture of file.withFault('require-pool-end')) {
    yield {
      node: fixture.acquiredAt,
      messageId: 'absent',
      data: { resource: fixture.name },
      suggestion: releaseRepairs(file, fixture),
    };
  }
});
