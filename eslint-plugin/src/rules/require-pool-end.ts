/** A pool that a test file opens is ended by it. */
import { defineRule } from '../define-rule.ts';
import { unendedForeignPools } from '../model/foreign-pools.ts';
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
  for (const { node, name, end } of unendedForeignPools(file)) {
    yield {
      node,
      messageId: end === undefined ? 'absent' : 'foreign',
      data: { resource: name, end: end ?? '' },
    };
  }
});
