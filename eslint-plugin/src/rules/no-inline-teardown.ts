/** What a test makes is released by a hook, not by the last line of its body. */
import { defineRule } from '../define-rule.ts';
import { releaseRepairs } from '../repairs/releases.ts';

export default defineRule('no-inline-teardown', function* (file) {
  for (const fixture of file.withFault('no-inline-teardown')) {
    const { name, acquiredAt, releasedAt } = fixture;
    yield {
      node: releasedAt ?? acquiredAt,
      messageId: 'inline',
      data: { resource: name, acquiredLine: String(acquiredAt.loc.start.line) },
      suggestion: releaseRepairs(file, fixture),
    };
  }
  for (const { leftTo, name, acquiredAt } of file.leftToCallbacks()) {
    yield {
      node: leftTo,
      messageId: 'callback',
      data: { resource: name, acquiredLine: String(acquiredAt.loc.start.line) },
    };
  }
});
