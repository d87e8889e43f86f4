/** A pool that a test file opens is ended by it. */
import { defineRule } from '../define-rule.ts';
import { registerRelease } from '../edits.ts';

export default defineRule('require-pool-end', function* (file) {
  for (const fixture of file.withFault('require-pool-end')) {
    const edits = registerRelease(file, fixture);
    yield {
      node: fixture.acquiredAt,
      messageId: 'absent',
      data: { resource: fixture.name },
      suggestion: edits && { messageId: 'registerRelease', edits },
    };
  }
});
