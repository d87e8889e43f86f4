/** What a captured pool says when it cannot tell whose work it is asked for. Words only. */
import type { TestResource } from '../ambient-test.ts';
import type { HazardError } from '../hazard-error.ts';
import { contextOf, fullNameOf } from '../running-tests.ts';
import { SetupError } from '../setup-error.ts';
import { sayTest } from '../test-family.ts';
import { scopeOf } from '../test-scope.ts';
import { formatPlace, type Trace } from '../trace.ts';
import { afterItsTest } from './refusals.ts';

export function outsideOfTests(asked: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `A sandboxed pool was asked outside of any test${at(asked)}; nothing was sent. ` +
      'Ask in a test, in `beforeEach` or in `before`; start background work of the app in the test that needs it; ' +
      'or give whoever asks a pool of its own.',
  );
}

export function afterTheTests(asked: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `A sandboxed pool was asked after the last test${at(asked)}; nothing was sent. ` +
      'Everything is rolled back by then: stop background work of the app before.',
  );
}

/** @param names the tests it might be for */
export function asksForSeveral(names: readonly string[], asked: Trace): SetupError {
  const shown = names.slice(0, SHOWN).map(sayTest);
  const more = names.length > SHOWN ? ` and ${String(names.length - SHOWN)} more` : '';
  return new SetupError(
    'ERR_SAVEPOINT_SEVERAL_TESTS',
    `A sandboxed pool was asked${at(asked)} by work that serves several running tests (${shown.join(', ')}${more}), and it cannot be told for which; nothing was sent. Either\n` +
      '  - start the server or worker in the test that uses it: `listen(t, app)` of `savepoint/http`,\n' +
      '  - or call the app in process: `client(t, app)` of `savepoint/http`, `app.request()`, `inject()`,\n' +
      '  - or give each test a pool of its own and hand it to the app: `db.rollback(t)`,\n' +
      '  - or run these tests one after another: leave out `concurrency`, await every `t.test()`.',
  );
}

const SHOWN = 3;

/** Work of a test that is over. @param captured where its pool was captured */
export function lateWork(test: TestResource, captured: Trace, asked: Trace): HazardError {
  const context = contextOf(test);
  const timedOut = context !== undefined && scopeOf(context).timedOut;
  return afterItsTest({ owner: sayTest(fullNameOf(test)), opened: captured }, asked, timedOut);
}

function at({ place }: Trace): string {
  return place ? `, at ${formatPlace(place)}` : '';
}
