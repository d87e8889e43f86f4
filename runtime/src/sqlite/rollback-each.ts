/** `rollbackEach`: an app's own module-level handle, rolled back after every test of a file or a suite. */
import { after, beforeEach, type TestContext } from 'node:test';
import { SetupError } from '../setup-error.ts';
import { closeEndedScopes, scopeOf, trackTests } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import type { Handle } from './driver.ts';
import { leaseOf } from './lease.ts';
import { assertFree, openSandbox, type Turn } from './turn.ts';
import { watchHandle, type WatchedHandle } from './watched-handle.ts';

// From import on, so that hooks and tests are known that are made before rollbackEach() is called.
trackTests();

/** The tests that use a handle now; a handle may be watched by several files of one process. */
const turnsOf = new WeakMap<WatchedHandle, Turn[]>();

/**
 * Rolls back what each test does with a better-sqlite3 handle that the app keeps for itself; call it
 * at the top of a test file, or in a `describe` for its tests. The app does not change: its handle
 * stays the same object, statements and transaction functions it made when it was imported included.
 * What `before` hooks write, all tests see, until the file or suite ends: then it is rolled back too.
 * Call it before other hooks, so that they run inside the sandbox.
 *
 * While a test runs, `handle.inTransaction` is always true: better-sqlite3 lets nobody replace it.
 * `handle.close()` is refused then (`no-use-after-end`); afterwards the handle closes as it always did.
 *
 * @throws SetupError `ERR_SAVEPOINT_SQLITE_HANDLE` when `handle` is no open better-sqlite3 handle. A
 *   test fails with `ERR_SAVEPOINT_SQLITE_SHARED` when it runs at the same time as another one, and
 *   with the hazards of `SqliteDatabase.rollback`
 */
export function rollbackEach(handle: Handle): void {
  assertHandle(handle);
  const opened = captureTrace();
  const watch = watchHandle(handle);
  const turns = turnsOf.get(watch) ?? [];
  turnsOf.set(watch, turns);

  beforeEach(async (context) => {
    const scope = scopeOf(context as TestContext);
    await closeEndedScopes();
    assertFree(
      'the handle of `rollbackEach`',
      turns,
      scope,
      'Run them one after another, or give each a copy by `sqlite().rollback(t)`.',
    );
    const lease = leaseOf(scope, opened);
    const use = { lease, access: openSandbox(watch.raw, lease, watch.depth) };
    const turn = { scope, lease };
    turns.push(turn);
    watch.enter(use);
    scope.defer(() => {
      turns.splice(turns.indexOf(turn), 1);
      use.access.close();
    });
    scope.defer(() => {
      watch.leave(use);
    });
    scope.defer(() => {
      lease.end();
    });
  });
  after(() => {
    watch.restore();
  });
}

function assertHandle(handle: Handle | undefined): void {
  if (
    typeof handle?.prepare === 'function' &&
    typeof handle.inTransaction === 'boolean' &&
    handle.open
  )
    return;
  throw new SetupError(
    'ERR_SAVEPOINT_SQLITE_HANDLE',
    'rollbackEach(handle) needs an open better-sqlite3 handle: new Database(file)',
  );
}
