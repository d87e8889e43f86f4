/** `sqlite`: a SQLite database whose tests leave nothing behind. Opens nothing by itself. */
import { resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { identityOf } from '../test-family.ts';
import { scopeOf, type TestScope } from '../test-scope.ts';
import { captureTrace, type Trace } from '../trace.ts';
import type { Lend } from './access.ts';
import { betterSqlite3, type BetterHandle } from './better-sqlite3.ts';
import type { Driver } from './driver.ts';
import { FileDatabase } from './file-database.ts';
import { leaseOf } from './lease.ts';
import { MemoryDatabase } from './memory-database.ts';
import type { Migration, Pragmas } from './migrations.ts';
import { nodeSqlite, type NodeSqliteHandle } from './node-sqlite.ts';

export interface SqliteOptions<H = BetterHandle> {
  /** Where the database lies, from the directory in which this is called. Absent or `:memory:`: in memory. */
  readonly file?: string | undefined;
  /**
   * Makes the schema, once per process, in memory. With `file`, the result is written to the file when
   * that is new, or was made by other migrations; a file with tables of somebody else's is refused.
   */
  readonly migrate?: Migration<H> | undefined;
  /** Set on every handle when it is opened: what cannot be set in a transaction, as `foreign_keys` or `journal_mode`. */
  readonly pragma?: Pragmas | undefined;
}

/** @typeParam H the handle of the driver: a `Database` of better-sqlite3, or a `DatabaseSync` */
export interface SqliteDatabase<H = BetterHandle> {
  /**
   * A handle for one test; what is done with it is gone when the test ends.
   *
   * All happens in one transaction that is rolled back: the app's transactions are savepoints in it,
   * and what SQLite cannot do there is refused by name. `inTransaction`, or `isTransaction`, tells of
   * the app's transactions. `close()` closes it for this test only. A subtest's handle lies in its
   * parent's. In memory, tests may run at the same time; in a file, one after another.
   *
   * @throws SetupError when the database cannot be prepared (`ERR_SAVEPOINT_MIGRATION`,
   *   `ERR_SAVEPOINT_MIGRATIONS`, `ERR_SAVEPOINT_SQLITE_FILE`, `ERR_SAVEPOINT_SQLITE_NOT_OURS`,
   *   `ERR_SAVEPOINT_SQLITE_READONLY`, `ERR_SAVEPOINT_SQLITE_PRAGMA`, `ERR_SAVEPOINT_NODE_SQLITE`,
   *   `ERR_SAVEPOINT_MISSING_PEER`)
   * @throws HazardError `no-shared-sqlite-file` when two tests that run at the same time ask for one
   *   file, or another process writes to it; by the handle: `no-late-activity` after the test,
   *   `no-use-after-end` after `close()`, `no-non-transactional-ddl` for what cannot be done in a
   *   transaction, `no-nested-begin` when a statement undid more than the app's transaction
   */
  rollback(t: TestContext): Promise<H>;

  /**
   * A handle on a copy in memory that the test has to itself, thrown away when the test ends. Nothing
   * is emulated: real transactions, VACUUM, every pragma. Tests may run at the same time.
   *
   * @throws as `rollback`, as far as it is about preparing the database and using the handle in time
   */
  clone(t: TestContext): Promise<H>;
}

/** Handles of better-sqlite3. */
export interface BetterSqliteOptions extends SqliteOptions {
  readonly driver?: 'better-sqlite3' | undefined;
}

/** Handles of `node:sqlite`, from Node 22.13 on. */
export interface NodeSqliteOptions<H = NodeSqliteHandle> extends SqliteOptions<H> {
  readonly driver: 'node:sqlite';
}

/** Describes a database; the first test that asks opens it, and it is closed once, with the process. */
export function sqlite(options?: BetterSqliteOptions): SqliteDatabase;
/** @typeParam H `DatabaseSync`, with the types of Node 22 or newer */
export function sqlite<H = NodeSqliteHandle>(options: NodeSqliteOptions<H>): SqliteDatabase<H>;
export function sqlite(
  options: BetterSqliteOptions | NodeSqliteOptions = {},
): SqliteDatabase | SqliteDatabase<NodeSqliteHandle> {
  switch (options.driver) {
    case undefined:
    case 'better-sqlite3':
      return describe(betterSqlite3, options);
    case 'node:sqlite':
      return describe(nodeSqlite, options);
    default:
      throw new SetupError(
        'ERR_SAVEPOINT_SQLITE_DRIVER',
        `sqlite: there is no driver ${JSON.stringify((options as { driver: unknown }).driver)}; say "better-sqlite3" or "node:sqlite".`,
      );
  }
}

function describe<H extends object>(
  driver: Driver<H>,
  { file, migrate, pragma = {} }: SqliteOptions<H>,
): SqliteDatabase<H> {
  const inMemory = file === undefined || file === '' || file === ':memory:';
  const database = inMemory
    ? new MemoryDatabase(driver, migrate, pragma)
    : new FileDatabase(driver, resolve(file), migrate, pragma);
  return {
    rollback: (t) => open(t, () => database.forRollback()),
    clone: (t) => open(t, () => database.forClone()),
  };
}

async function open<H>(t: TestContext, ready: () => Lend<H> | Promise<Lend<H>>): Promise<H> {
  const opened = captureTrace();
  const scope = scopeOf(t, opened);
  assertRunning(scope, opened);
  const lender = ready();
  // A promise costs more than all that a sandbox does.
  const lend = typeof lender === 'function' ? lender : await lender;
  assertRunning(scope, opened);
  return lend(scope, leaseOf(scope, opened));
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
