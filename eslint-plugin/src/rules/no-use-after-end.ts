/** Whoever makes a pool ends it; a narrower scope does not. */
import { RESOURCE_KINDS } from '@savepoint/catalogue';
import { defineRule } from '../define-rule.ts';
import { foreignEnds } from '../model/foreign-ends.ts';

export default defineRule('no-use-after-end', function* (file) {
  for (const { name, acquiredAt, releasedAt, lifetime } of file.withFault('no-use-after-end')) {
    if (!releasedAt || lifetime.release.is !== 'registered') continue;
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
    };
  }
  for (const { call, name, scope } of foreignEnds(file)) {
    yield { node: call, messageId: 'foreign', data: { resource: name, released: scope } };
  }
});
