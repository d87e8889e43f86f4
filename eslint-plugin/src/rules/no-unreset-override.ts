/** A part of the app that a test replaces is put back for the next. */
import { defineRule } from '../define-rule.ts';
import { restoreRepairs } from '../repairs/restoration.ts';

export default defineRule('no-unreset-override', function* (file) {
  for (const fixture of file.withFault('no-unreset-override')) {
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
