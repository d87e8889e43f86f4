/** A test puts back what it changed for the whole process: variables of `process.env`, the directory. */
import { defineRule } from '../define-rule.ts';
import { unrestored } from '../repairs/unrestored.ts';

export default defineRule('no-unrestored-process-state', function* (file) {
  for (const fixture of file.withFault('no-unrestored-process-state')) {
    const { lifetime, name } = fixture;
    const [message, said] =
      lifetime.kind === 'environment'
        ? ['environment', name]
        : ['workingDirectory', 'the working directory'];
    const messageId = lifetime.release.is === 'inline' ? `${message}Inline` : message;
    yield unrestored(file, fixture, messageId, said);
  }
});
