/** A server that a test file opens is closed by it. */
import { defineRule } from '../define-rule.ts';
import { registerRelease } from '../edits.ts';

export default defineRule('no-unclosed-server', function* (file) {
  for (const fixture of file.withFault('no-unclosed-server')) {
    const { name, acquiredAt, lifetime } = fixture;
    const edits = registerRelease(file, fixture);
    yield {
      node: acquiredAt,
      messageId: lifetime.kind === 'agent' ? 'agent' : 'server',
      data: { resource: name, scope: lifetime.acquired },
      suggestion: edits && { messageId: 'registerRelease', edits },
    };
  }
});
