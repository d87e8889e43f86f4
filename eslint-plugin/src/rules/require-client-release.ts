/** A client that is taken from a pool must go back on every path. */
import { defineRule } from '../define-rule.ts';
import { releaseRepairs } from '../repairs/releases.ts';

export default defineRule('require-client-release', function* (file) {
  for (const fixture of file.withFault('require-client-release')) {
    const { name, acquiredAt, releasedAt, lender, lifetime } = fixture;
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is,
      data: {
        client: name,
        pool: lender ?? 'its pool',
        line: String(releasedAt?.loc.start.line ?? ''),
      },
      suggestion: releaseRepairs(file, fixture),
    };
  }
});
