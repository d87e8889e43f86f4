/**
 * `rollbackEach`: the sandbox for an app that owns its pool. Every test of a file or a suite gets its
 * own sandbox behind that pool; which test asks is found ambiently. Knows no SQL.
 */
import type pg from 'pg';
import { ambientOwner, type TestResource } from '../ambient-test.ts';
import { SetupError } from '../setup-error.ts';
import { captureTrace, type Trace } from '../trace.ts';
import { standInFor } from './app-pool.ts';
import { CapturedPool } from './captured-pool.ts';
import type { PostgresFixture } from './fixture.ts';
import { assertJavaScriptClient } from './native-client.ts';
import { sourceIn, sourceOf } from './sources.ts';
import type { AllowDatabase } from './test-database.ts';

export interface RollbackEachOptions {
  /**
   * The database to test on, made by `postgres()`, instead of the one the app's pool would connect to.
   */
  readonly database?: Pick<PostgresFixture, 'connectionString'>;
  /** Names of databases that may be tested on although they do not look like test databases. */
  readonly allowDatabase?: AllowDatabase;
}

/**
 * Rolls back what every test does through an app's own pools. Call it where hooks are called: at the
 * top of a test file, or in a `describe`.
 *
 * Each test has one sandbox of its own behind all pools that lead to the same database: one
 * connection, taken at its first query and given back when it ends. Tests may run at the same time;
 * when there are more of them than the pool may have connections (`max`), they wait for one. A subtest is a part of its parent's that is rolled back first; when the parent
 * has asked something, its subtests take turns. What `before` hooks write, the tests after them see
 * and cannot spoil, one test at a time, until the suite or file ends. The app's pools open no
 * connection.
 *
 * Whose a query is, is known from where it was begun. What a server or worker asks that was started
 * outside of the test is for the test that runs, if it is the only one.
 *
 * @param pools the app's `pg.Pool`, or several
 * @throws SetupError `ERR_SAVEPOINT_NOT_A_TEST_DATABASE` when a pool's database does not look like one
 *   for tests and is not allowed by name; `ERR_SAVEPOINT_NATIVE` when a pool is one of `pg.native`;
 *   `ERR_SAVEPOINT_ALREADY` when a pool is rolled back already, elsewhere or with other options.
 *   A test fails with `HazardError` `require-client-release` when it keeps a client, `no-use-after-end`
 *   when it ends the pool, `no-nested-begin` when it escapes its transaction. What is asked after a
 *   test's end is refused with `no-late-activity`, after its time-out with `no-zombie-test`; what
 *   serves several running tests with `ERR_SAVEPOINT_SEVERAL_TESTS`, what serves none with
 *   `ERR_SAVEPOINT_NO_TEST`; a second user of the same database with `ERR_SAVEPOINT_OTHER_USER`.
 */
export function rollbackEach(
  pools: pg.Pool | readonly pg.Pool[],
  options: RollbackEachOptions = {},
): void {
  const captured = captureTrace();
  for (const pool of 'length' in pools ? pools : [pools]) rollbackPool(pool, options, captured);
}

/** Who rolled a pool back first. */
interface RolledBack {
  readonly suite: TestResource | undefined;
  readonly database: RollbackEachOptions['database'];
}

const rolledBack = new WeakMap<pg.Pool, RolledBack>();

function rollbackPool(
  pool: pg.Pool,
  { database, allowDatabase }: RollbackEachOptions,
  captured: Trace,
): void {
  const suite = suiteBeingMade();
  const before = rolledBack.get(pool);
  // Without isolation, every file that shares the pool calls for it.
  if (before && before.suite === suite && before.database === database) return;
  if (before) {
    throw new SetupError(
      'ERR_SAVEPOINT_ALREADY',
      'rollbackEach() was called for this pool before, in another suite or for another database; call it once, in the file or in the suite.',
    );
  }
  assertJavaScriptClient(pool);
  const source = database ? sourceIn(database, pool) : sourceOf(pool, allowDatabase);
  rolledBack.set(pool, { suite, database });
  standInFor(
    pool,
    new CapturedPool(pool, { source: () => source, suite, captured, mayEnd: false }),
  );
}

/** The suite whose `describe` body is running; undefined at the top of a file. */
function suiteBeingMade(): TestResource | undefined {
  const test = ambientOwner()?.test;
  return test?.parent ? test : undefined;
}
