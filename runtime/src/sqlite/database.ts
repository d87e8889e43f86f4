/** `sqlite`: a SQLite database whose tests leave nothing behind. Opens nothing by itself. */
import { resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { HazardError } from '../hazard-error.ts';
import { identityOf } from '../test-family.ts';
import { scopeOf, type TestScope } from '../test-scope.ts';
import { captureTrace, type Trace } from '../trace.ts';
import type { Handle } from './driver.ts';
import { FileDatabase } from './file-database.ts';
import { leaseOf } from './lease.ts';
import { MemoryDatabase } from './memory-database.ts';
import type { Migration, Pragmas } from './migrations.ts';

export interface SqliteOptions {
  /**
   * Where the database lies, from the directory in which this is called. Absent or `:memory:`: in
   * memory, a copy for every test.
   */
  readonly file?: string | undefined;
  /**
   * Makes the schema, once per process, in memory. With `file`, the result is written to the file when
   * that is new, or was made by other migrations; a file with tables of somebody else's is refused.
   */
  readonly migrate?: Migration | undefined;
  /** Set on every handle when it is opened: what cannot be set in a transaction, as `foreign_keys` or `journal_mode`. */
  readonly pragma?: Pragmas | undefined;
}

export interface SqliteDatabase {
  /**
   * A better-sqlite3 `Database` for one test; what is done with it is gone when the test ends.
   *
   * In memory each test has a copy of its own, so tests may run at the same time and nothing is
   * emulated. In a file all happens in one transaction that is rolled back: the app's transactions
   * are savepoints in it, and what SQLite cannot do there is refused by name. `inTransaction` tells
   * of the app's transactions. `close()` closes it for this test only.
   *
   * @throws SetupError when the database cannot be prepared (`ERR_SAVEPOINT_MIGRATION`,
   *   `ERR_SAVEPOINT_SQLITE_NOT_OURS`, `ERR_SAVEPOINT_SQLITE_BUSY`, `ERR_SAVEPOINT_MISSING_PEER`), or
   *   two tests that run at the same time ask for one file (`ERR_SAVEPOINT_SQLITE_SHARED`)
   * @throws HazardError by the handle: `no-late-activity` after the test, `no-use-after-end` after
   *   `close()`, `no-non-transactional-ddl` for what cannot be done in a transaction
   */
  rollback(t: TestContext): Promise<Handle>;
}

/** Describes a database; the first test that asks opens it, and it is closed once, with the process. */
export function sqlite({ file, migrate, pragma = {} }: SqliteOptions = {}): SqliteDatabase {
  const inMemory = file === undefined || file === '' || file === ':memory:';
  const database = inMemory
    ? new MemoryDatabase(migrate, pragma)
    : new FileDatabase(resolve(file), migrate, pragma);
  return {
    async rollback(t) {
      const scope = scopeOf(t);
      const opened = captureTrace();
      assertRunning(scope, opened);
      const lend = await database.ready();
      assertRunning(scope, opened);
      const lease = leaseOf(scope, opened);
      const handle = lend(scope, lease);
      scope.defer(() => {
        lease.end();
      });
      return handle;
    },
  };
}

function assertRunning(scope: TestScope, used: Trace): void {
  if (!scope.ended) return;
  throw new HazardError('no-late-activity', {
    happened: `Test "${scope.name}" had ended when it asked for a database.`,
    acquired: scope.opened,
    used,
    test: identityOf(scope),
  });
}
