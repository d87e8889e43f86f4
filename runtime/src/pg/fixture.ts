/**
 * `postgres()`: the database of a test suite, and a rollback sandbox in it for every test. Opens
 * nothing until a test asks. Knows neither how a database is made nor how a sandbox works.
 */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { captureTrace, type Trace } from '../trace.ts';
import { endedMeanwhile, runningScopeOf } from '../use.ts';
import { checkOptions, type PostgresOptions } from './fixture-options.ts';
import { openDatabase, type OpenDatabase } from './open-database.ts';
import { sandboxScopeOfTest } from './sandbox-scope.ts';
import type { ScatteredSequences } from './scattered-sequences.ts';
import { keepWithin, sourceFrom, type Source } from './sources.ts';

/** The database of a test suite. */
export interface PostgresFixture {
  /**
   * A pool for one test: what is done through it is rolled back when the test ends, whatever it
   * commits. The same pool each time it is asked for by the same test.
   *
   * @param t the context of the test
   * @throws SetupError when there is no database to test on, with what to do about it. The test
   *   fails with `HazardError` when it leaves a client checked out, or escapes its transaction.
   */
  rollback(t: TestContext): Promise<pg.Pool>;
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
  readonly #declared: Trace;
  readonly #source: Source;
  #database: Promise<OpenDatabase> | undefined;
  #isOpen = false;
  #sequences: ScatteredSequences | undefined;

  constructor(options: PostgresOptions, declared: Trace) {
    this.#options = options;
    this.#declared = declared;
    this.#source = sourceFrom(async () => (await this.#open()).pool, undefined);
  }

  async rollback(t: TestContext): Promise<pg.Pool> {
    const opened = captureTrace();
    const test = runningScopeOf(t, opened);
    const scope = sandboxScopeOfTest(t);
    if (!this.#isOpen) await this.#open();
    const entering = scope.enter();
    if (entering) await entering;
    if (test.ended) throw endedMeanwhile(test);
    this.#sequences?.follow(test, opened);
    return scope.sandboxOn(this.#source, opened).pool;
  }

  async connectionString(): Promise<string> {
    return (await this.#open()).connectionString;
  }

  async #open(): Promise<OpenDatabase> {
    keepWithin(this.#options.max);
    const database = await (this.#database ??= openDatabase(this.#options, this.#declared));
    this.#sequences = database.sequences;
    this.#isOpen = true;
    return database;
  }
}
