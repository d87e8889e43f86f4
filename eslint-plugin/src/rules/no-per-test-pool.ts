/** A pool belongs to the file, not to each test. */
import { defineRule } from '../define-rule.ts';
import { connectionsPerTest } from '../model/connections-per-test.ts';
import { acquireOnce } from '../repairs/hook-kind.ts';

export default defineRule('no-per-test-pool', function* (file) {
  for (const fixture of file.withFault('no-per-test-pool')) {
    const edits = acquireOnce(file, fixture);
    yield {
      node: fixture.acquiredAt,
      messageId: 'perTest',
      data: { resource: fixture.name },
      suggestion: edits && { messageId: 'acquireOnce', edits },
    };
  }
  for (const all of connectionsPerTest(file)) {
    const [first] = all;
    if (!first) continue;
    yield {
      node: first.acquiredAt,
      messageId: 'connection',
      data: { resource: [...new Set(all.map(({ name }) => name))].join('`, `') },
    };
  }
});
