/** Whoever makes a pool ends it; a narrower scope does not. */
import { RESOURCE_KINDS } from '@savepoint/catalogue';
import { defineRule } from '../define-rule.ts';
import { foreignEnds } from '../model/foreign-ends.ts';
import { releaseOnce } from '../repairs/hook-kind.ts';

export default defineRule('no-use-after-end', function* (file) {
  for (const fixture of file.withFault('no-use-after-end')) {
    const { name, acquiredAt, releasedAt, lifetime } = fixture;
    if (!releasedAt || lifetime.release.is !== 'registered') continue;
    const edits = releaseOnce(file, fixture);
    yield {
      node: releasedAt,
      messageId: 'narrower',
      data: {
        resource: name,
        acquired: lifetime.acquired,
        acquiredLine: String(acquiredAt.loc.start.line),
        released: lifetime.release.scope,
        noun: RESOURCE_KINDS[lifetime.kind].noun,
      },
      suggestion: edits && { messageId: 'releaseOnce', edits },
    };
  }
  for (const { call, name, scope } of foreignEnds(file)) {
    yield { node: call, messageId: 'foreign', data: { resource: name, released: scope } };
  }
});
