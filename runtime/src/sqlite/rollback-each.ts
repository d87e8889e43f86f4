/** `rollbackEach`: an app's own module-level handle, rolled back after every test of a file or a suite. */
import { after, beforeEach, type TestContext } from 'node:test';
import { SetupError } from '../setup-error.ts';
import { closeEndedScopes, scopeOf, trackTests } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import { BetterRawHandle, isBetterHandle, type BetterHandle } from './better-sqlite3.ts';
import type { RawHandle } from './driver.ts';
import { leaseOf } from './lease.ts';
import { isNodeHandle, NodeRawHandle, type NodeSqliteHandle } from './node-sqlite.ts';
import { assertFree, type Turn } from './turn.ts';
import { watchHandle, type WatchedHandle } from './watched-handle.ts';

// From import on, so that hooks and tests are known that are made before rollbackEach() is called.
trackTests();

/** The tests that use a handle now; a handle may be watched by several files of one process. */
const turnsOf = new WeakMap<WatchedHandle, Turn[]>();

/**
 * Rolls back what each test does with a handle that the app keeps for itself, of better-sqlite3 or of
 * `node:sqlite`; call it at the top of a test file, or in a `describe` for its tests. The app does not change: its handle
 * stays the same object, statements and transaction functions it made when it was imported included.
 * What `before` hooks write, all tests see, until the file or suite ends: then it is rolled back too.
 * Call it before other hooks, so that they run inside the sandbox.
 *
 * While a test runs, `handle.inTransaction`, or `isTransaction`, is always true: the drivers let nobody
 * replace it. A statement of `node:sqlite` that was prepared before this is called, and begins or ends
 * a transaction, is refused (`ERR_SAVEPOINT_SQLITE_STATEMENT`): Node does not tell whose it is.
 * `handle.close()` is refused then (`no-use-after-end`); afterwards the handle closes as it always did.
 *
 * @throws SetupError `ERR_SAVEPOINT_SQLITE_HANDLE` when `handle` is no open handle. A test fails with
 *   `no-shared-sqlite-file` when it runs at the same time as another one, and with the hazards of
 *   `SqliteDatabase.rollback`
 */
export function rollbackEach(handle: BetterHandle | NodeSqliteHandle): void {
  const read = readerOf(handle);
  const opened = captureTrace();
  const watch = watchHandle(handle, read);
  const turns = turnsOf.get(watch) ?? [];
  turnsOf.set(watch, turns);

  beforeEach(async (context) => {
    const scope = scopeOf(context as TestContext);
    await closeEndedScopes();
    assertFree(
      'the handle of `rollbackEach`',
      turns,
      scope,
      'Run them one after another, or give each a copy of its own by `db.clone(t)` of `sqlite()`.',
    );
    const lease = leaseOf(scope, opened);
    const use = watch.enter(lease);
    const turn = { scope, lease };
    turns.push(turn);
    scope.defer(() => {
      turns.splice(turns.indexOf(turn), 1);
      use.close();
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

/** How a handle is read, by its driver. */
function readerOf(handle: unknown): () => RawHandle {
  if (isBetterHandle(handle)) return () => new BetterRawHandle(handle);
  if (isNodeHandle(handle)) return () => new NodeRawHandle(handle);
  throw new SetupError(
    'ERR_SAVEPOINT_SQLITE_HANDLE',
    'rollbackEach(handle) needs an open handle: `new Database(file)` of better-sqlite3, or `new DatabaseSync(file)` of node:sqlite',
  );
}
