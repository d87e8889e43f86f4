/** A test puts back what it changed of the globals and of Node's modules. */
import { defineRule } from '../define-rule.ts';
import { restoreRepairs } from '../repairs/restoration.ts';

export default defineRule('no-unrestored-global', function* (file) {
  for (const fixture of file.withFault('no-unrestored-global')) {
    const { lifetime, name, acquiredAt, releasedAt } = fixture;
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is,
      data: {
        name,
        scope: lifetime.acquired,
        line: String(releasedAt?.loc.start.line ?? ''),
      },
      suggestion: restoreRepairs(file, fixture),
    };
  }
});
