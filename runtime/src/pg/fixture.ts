/**
 * `postgres()`: the database of a test suite, and for every test a rollback sandbox in it or a copy of it. Opens
 * nothing until a test asks. Knows neither how a database is made nor how a sandbox works.
 */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { captureTrace, type Trace } from '../trace.ts';
import { endedMeanwhile, runningScopeOf } from '../use.ts';
import { SetupError } from '../setup-error.ts';
import {
  checkOptions,
  isIsolation,
  type Isolation,
  type PostgresOptions,
} from './fixture-options.ts';
import { OpenDatabase, type SharedDatabase } from './open-database.ts';
import { sandboxScopeOfTest } from './sandbox-scope.ts';
import { keepWithin, sourceFrom, type Source } from './sources.ts';

/** How one test is kept apart from others. */
export interface RollbackOptions {
  /** Default: that of `postgres()`. */
  readonly isolation?: Isolation | undefined;
}

/** The database of a test suite. */
export interface PostgresFixture {
  /**
   * A pool for one test: what is done through it is rolled back when the test ends, whatever it
   * commits. The same pool each time it is asked for by the same test.
   *
   * @param t the context of the test
   * @param options `{ isolation: 'clone' }` gives this test what `clone(t)` gives
   * @throws SetupError when there is no database to test on, with what to do about it. The test
   *   fails with `HazardError` when it leaves a client checked out, or escapes its transaction.
   */
  rollback(t: TestContext, options?: RollbackOptions): Promise<pg.Pool>;
  /**
   * A pool for one test on a database that is the test's own, copied from the migrated one and
   * dropped when the test ends: for what one connection cannot do (real COMMITs, several connections
   * at once, LISTEN and NOTIFY, SERIALIZABLE, SKIP LOCKED). Its URL is `pool.options.connectionString`;
   * do not print it. The same pool each time it is asked for by the same test.
   *
   * @param t the context of the test
   * @throws SetupError as `rollback`; HazardError `no-template-in-use` when somebody is connected to
   *   the database that is copied. The test fails with `HazardError` when it leaves a client checked
   *   out, inside a transaction, or connections of its own open.
   */
  clone(t: TestContext): Promise<pg.Pool>;
  /**
   * The connection string of the migrated database, for an app that makes its own pool. What such a
   * pool commits stays: `rollbackEach(pool)` is there to undo it. Holds a password; do not print it.
   */
  connectionString(): Promise<string>;
}

/**
 * Declares the PostgreSQL database of a test suite. All test processes share it, and nothing is ever
 * committed to it.
 *
 * @throws SetupError `ERR_SAVEPOINT_OPTIONS` when an option is unknown or of the wrong kind. What can
 *   only be found out on the server is thrown by the first test that asks for the database.
 */
export function postgres(options: PostgresOptions = {}): PostgresFixture {
  checkOptions(options);
  return new Postgres(options, captureTrace());
}

class Postgres implements PostgresFixture {
  readonly #options: PostgresOptions;
  readonly #database: OpenDatabase;
  readonly #source: Source;
  readonly #clones = new WeakMap<AbortSignal, Promise<pg.Pool>>();
  #shared: SharedDatabase | undefined;

  constructor(options: PostgresOptions, declared: Trace) {
    this.#options = options;
    this.#database = new OpenDatabase(options, { trace: declared, number: numberIn(declared) });
    this.#source = sourceFrom(
      () => this.#open(),
      undefined,
      async () => (await this.#open()).budget(),
    );
  }

  async rollback(t: TestContext, options: RollbackOptions = NO_OPTIONS): Promise<pg.Pool> {
    const { isolation = this.#options.isolation } = options;
    if (isolation !== undefined && !isIsolation(isolation)) {
      throw new SetupError(
        'ERR_SAVEPOINT_OPTIONS',
        "The option \"isolation\" of rollback() must be 'rollback' or 'clone'.",
      );
    }
    const opened = captureTrace();
    if (isolation === 'clone') return this.#cloneOf(t, opened);
    const test = runningScopeOf(t, opened);
    const scope = sandboxScopeOfTest(t);
    const opening = this.#shared ? undefined : this.#open(true);
    const entering = scope.enter();
    // Made while the database is, for others migrate at that time.
    const pool = entering ? undefined : scope.sandboxOn(this.#source, opened).pool;
    if (opening || entering) await Promise.all([opening, entering]);
    if (test.ended) throw endedMeanwhile(test);
    this.#shared?.sequences?.follow(test, opened);
    return pool ?? scope.sandboxOn(this.#source, opened).pool;
  }

  clone(t: TestContext): Promise<pg.Pool> {
    return this.#cloneOf(t, captureTrace());
  }

  async connectionString(): Promise<string> {
    return (await this.#open()).connectionString;
  }

  async #open(isAsked = false): Promise<SharedDatabase> {
    keepWithin(this.#options.max);
    return (this.#shared = await this.#database.shared(isAsked));
  }

  #cloneOf(t: TestContext, opened: Trace): Promise<pg.Pool> {
    const known = this.#clones.get(t.signal);
    if (known) return known;
    const pool = this.#makeClone(t, opened);
    this.#clones.set(t.signal, pool);
    return pool;
  }

  async #makeClone(t: TestContext, opened: Trace): Promise<pg.Pool> {
    const test = runningScopeOf(t, opened);
    const scope = sandboxScopeOfTest(t);
    const clones = await this.#database.clones();
    keepWithin(clones.atOnce);
    // A place is a test's for all its databases: so those that wait never wait for each other.
    await scope.enter();
    if (test.ended) throw endedMeanwhile(test);
    return clones.poolFor(t, test, opened);
  }
}

const NO_OPTIONS: RollbackOptions = {};

const declarations = new Map<string, number>();

/** How many declarations its file had before. */
function numberIn({ place }: Trace): number {
  const file = place?.file ?? '';
  const number = declarations.get(file) ?? 0;
  declarations.set(file, number + 1);
  return number;
}
