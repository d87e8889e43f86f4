/**
 * `postgres()`: the database of a test suite, and a rollback sandbox in it for every test. Opens
 * nothing until a test asks. Knows neither how a database is made nor how a sandbox works.
 */
import type { TestContext } from 'node:test';
import type pg from 'pg';
import { ambientOwner, trackTests } from '../ambient-test.ts';
import { scopeOf } from '../test-scope.ts';
import { captureTrace, type Trace } from '../trace.ts';
import { use } from '../use.ts';
import { checkOptions, type PostgresOptions } from './fixture-options.ts';
import { openDatabase, type OpenDatabase } from './open-database.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';

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
  readonly #sandboxes = new WeakMap<AbortSignal, Promise<Sandbox>>();
  #database: Promise<OpenDatabase> | undefined;

  constructor(options: PostgresOptions, declared: Trace) {
    this.#options = options;
    this.#declared = declared;
  }

  async rollback(t: TestContext): Promise<pg.Pool> {
    const opened = captureTrace();
    const { name } = scopeOf(t);
    const asked = this.#sandboxes.get(t.signal);
    const sandbox =
      asked ??
      use(
        t,
        () => this.#openSandbox(t, { name, opened }),
        (owned) => owned.close(),
      );
    this.#sandboxes.set(t.signal, sandbox);
    return (await sandbox).pool;
  }

  async connectionString(): Promise<string> {
    return (await this.#open()).connectionString;
  }

  /** Inside the sandbox of the test around this one, when that has one. */
  async #openSandbox(t: TestContext, test: { name: string; opened: Trace }): Promise<Sandbox> {
    const outer = signalsAround(t).map((signal) => this.#sandboxes.get(signal));
    const around = await outer.find((sandbox) => sandbox !== undefined);
    if (around) return around.nest(test);
    const { pool } = await this.#open();
    return openSandbox({
      ...test,
      checkout: () => pool.connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
    });
  }

  #open(): Promise<OpenDatabase> {
    return (this.#database ??= openDatabase(this.#options, this.#declared));
  }
}

// From import on, so that a subtest is known to be one.
trackTests();

/** The signals of the tests around this one, the nearest first. */
function signalsAround(t: TestContext): AbortSignal[] {
  const signals: AbortSignal[] = [];
  let test = ambientOwner()?.test;
  if (test?.signal !== t.signal) return signals;
  for (test = test.parent ?? undefined; test; test = test.parent ?? undefined) {
    signals.push(test.signal);
  }
  return signals;
}
