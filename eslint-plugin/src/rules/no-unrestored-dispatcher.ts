/** undici's global dispatcher is put back by whoever replaced it. */
import { defineRule } from '../define-rule.ts';

export default defineRule('no-unrestored-dispatcher', function* (file) {
  for (const { acquiredAt, releasedAt, lifetime } of file.withFault('no-unrestored-dispatcher')) {
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is,
      data: { scope: lifetime.acquired, line: String(releasedAt?.loc.start.line ?? '') },
    };
  }
});
