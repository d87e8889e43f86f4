/** undici's global dispatcher is put back by whoever replaced it. */
import { defineRule } from '../define-rule.ts';
import { restoreRepairs } from '../repairs/restoration.ts';

export default defineRule('no-unrestored-dispatcher', function* (file) {
  for (const fixture of file.withFault('no-unrestored-dispatcher')) {
    const { acquiredAt, releasedAt, lifetime } = fixture;
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is,
      data: { scope: lifetime.acquired, line: String(releasedAt?.loc.start.line ?? '') },
      suggestion: restoreRepairs(file, fixture),
    };
  }
});
