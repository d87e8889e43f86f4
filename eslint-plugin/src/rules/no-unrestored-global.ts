/** A test puts back what it changed of the globals and of Node's modules. */
import { defineRule } from '../define-rule.ts';
import type { Fixture } from '../model/fixtures.ts';
import { unrestored } from '../repairs/unrestored.ts';

export default defineRule('no-unrestored-global', function* (file) {
  for (const fixture of file.withFault('no-unrestored-global')) {
    yield unrestored(file, fixture, isDeletedAfter(fixture) ? 'inlineDelete' : undefined);
  }
});

/** What was not there before is nothing that `t.mock.method()` can replace. */
function isDeletedAfter({ lifetime, releasedAt }: Fixture): boolean {
  return lifetime.release.is === 'inline' && releasedAt?.type === 'UnaryExpression';
}
