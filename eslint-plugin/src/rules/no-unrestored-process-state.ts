/** A test puts back what it changed for the whole process: variables of `process.env`, the directory. */
import { defineRule } from '../define-rule.ts';
import { restoreRepairs } from '../repairs/restoration.ts';

export default defineRule('no-unrestored-process-state', function* (file) {
  for (const fixture of file.withFault('no-unrestored-process-state')) {
    const { lifetime, name, acquiredAt, releasedAt } = fixture;
    const message = lifetime.kind === 'environment' ? 'environment' : 'workingDirectory';
    yield {
      node: acquiredAt,
      messageId: lifetime.release.is === 'inline' ? `${message}Inline` : message,
      data: {
        name: lifetime.kind === 'environment' ? name : 'the working directory',
        scope: lifetime.acquired,
        line: String(releasedAt?.loc.start.line ?? ''),
      },
      suggestion: restoreRepairs(file, fixture),
    };
  }
});
