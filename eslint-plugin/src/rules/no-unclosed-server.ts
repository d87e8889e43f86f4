/** A server that a test file opens is closed by it. */
import { defineRule } from '../define-rule.ts';
import { releaseRepairs } from '../repairs/releases.ts';

export default defineRule('no-unclosed-server', function* (file) {
  for (const fixture of file.withFault('no-unclosed-server')) {
    const { name, acquiredAt, lifetime } = fixture;
    yield {
      node: acquiredAt,
      messageId: lifetime.kind === 'agent' ? 'agent' : 'server',
      data: { resource: name, scope: lifetime.acquired },
      suggestion: releaseRepairs(file, fixture),
    };
  }
});
