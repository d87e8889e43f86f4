/**
 * `rollbackEach`: the sandbox for an app that owns its pool. Every test of a file or a suite gets its
 * own sandbox behind that pool; which test asks is found ambiently. Knows no SQL.
 */
import { after, before, beforeEach, type TestContext } from 'node:test';
import type pg from 'pg';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { ambientTest, closeEndedScopes, scopeOf, trackTests } from '../test-scope.ts';
import { captureTrace, formatPlace, type Trace } from '../trace.ts';
import { forwardEvents, realPoolLike, standIn } from './app-pool.ts';
import type { PostgresFixture } from './fixture.ts';
import { concurrentTests } from './refusals.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { assertTestDatabase, type AllowDatabase } from './test-database.ts';

export interface RollbackEachOptions {
  /**
   * The database to test on, made by `postgres()`, instead of the one the app's pool would connect to.
   */
  readonly database?: Pick<PostgresFixture, 'connectionString'>;
  /** Names of databases that may be tested on although they do not look like test databases. */
  readonly allowDatabase?: AllowDatabase;
}

// From import on, so that the queries of a test are known to be its own.
trackTests();

/**
 * Rolls back what every test does through an app's own pool. Call it where hooks are called: at the
 * top of a test file, or in a `describe`; before other hooks, so that they run inside the sandbox.
 *
 * Each test has one transaction of its own, opened at its first query; a subtest is a part of its
 * parent's that is rolled back first. What `before` hooks write, the tests after them see, until the
 * file or suite ends. The pool itself opens no connection. Tests must run one after another.
 *
 * @param pools the app's `pg.Pool`, or several
 * @throws SetupError `ERR_SAVEPOINT_NOT_A_TEST_DATABASE` when a pool's database does not look like one
 *   for tests and is not allowed by name; `ERR_SAVEPOINT_ALREADY` when a pool is rolled back already.
 *   A test fails with `HazardError` `require-client-release` when it keeps a client, `no-use-after-end`
 *   when it ends the pool, `no-nested-begin` when it escapes its transaction; a query after its test's
 *   end is refused with `no-late-activity`.
 */
export function rollbackEach(
  pools: pg.Pool | readonly pg.Pool[],
  options: RollbackEachOptions = {},
): void {
  for (const pool of 'length' in pools ? pools : [pools]) rollbackPool(pool, options);
}

function rollbackPool(pool: pg.Pool, { database, allowDatabase }: RollbackEachOptions): void {
  if (rolledBack.has(pool)) {
    throw new SetupError(
      'ERR_SAVEPOINT_ALREADY',
      'rollbackEach() was called for this pool before; call it once, in the file or in the suite.',
    );
  }
  if (!database) assertTestDatabase(pool.options, allowDatabase);
  rolledBack.add(pool);
  const openReal = async () => realPoolLike(pool, await database?.connectionString());
  const each = new EachTest(pool, openReal, ambientTest() === undefined ? 'file' : 'suite');
  standIn(pool, each);
  before(() => {
    each.start();
  });
  beforeEach((t) => each.begin(t as TestContext));
  after(() => each.finish());
}

const rolledBack = new WeakSet<pg.Pool>();

/** A test while its sandbox is open. */
interface OpenTest {
  /** With the names of the suites and tests around it, as node:test joins them. */
  readonly name: string;
  readonly sandbox: Sandbox;
  ended: HazardError | undefined;
}

/** The sandboxes behind one pool. */
class EachTest {
  readonly #pool: pg.Pool;
  readonly #openReal: () => Promise<pg.Pool>;
  #real: Promise<pg.Pool> | undefined;
  readonly #opened: Trace = captureTrace();
  readonly #owners = new WeakMap<AbortSignal, OpenTest>();
  /** The running test and, inside it, its subtest. */
  readonly #open: OpenTest[] = [];
  /** What hooks outside of any test do. */
  #seed: Sandbox | undefined;
  /** Where the pool was ended for good. */
  #ended: Trace | undefined;
  /** In a suite, what is asked before and after it is not its business. */
  #phase: 'outside' | 'inside' | 'over';
  readonly #scope: 'file' | 'suite';

  /** @param openReal makes the pool of real connections, when the first is needed */
  constructor(pool: pg.Pool, openReal: () => Promise<pg.Pool>, scope: 'file' | 'suite') {
    this.#pool = pool;
    this.#openReal = openReal;
    this.#scope = scope;
    this.#phase = scope === 'file' ? 'inside' : 'outside';
  }

  /** From now on everything asked is a test's or a hook's of this suite. */
  start(): void {
    this.#phase = 'inside';
  }

  /** Opens the sandbox of a test that begins. @throws SetupError when another test is still running */
  async begin(t: TestContext): Promise<void> {
    // A test that skipped itself ran none of its hooks before Node 24.
    await closeEndedScopes();
    const scope = scopeOf(t);
    const outer = this.#open.at(-1);
    if (outer && !t.fullName.startsWith(`${outer.name} > `))
      throw concurrentTests(`test "${outer.name}"`, `test "${t.fullName}"`);
    const test: OpenTest = {
      name: t.fullName,
      sandbox: this.#openIn(outer?.sandbox ?? this.#begunSeed(), t.fullName),
      ended: undefined,
    };
    this.#open.push(test);
    this.#owners.set(t.signal, test);
    scope.defer(() => this.#end(test, t.signal.aborted));
  }

  /** Rolls back what hooks did, when the file or suite is over. */
  async finish(): Promise<void> {
    await closeEndedScopes();
    this.#phase = this.#scope === 'file' ? 'over' : 'outside';
    await this.#seed?.close();
  }

  // As arrow functions: they are called as the pool's own methods.

  readonly choose = (): pg.Pool | undefined => {
    if (this.#ended) throw this.#usedAfterEnd();
    const asker = ambientTest();
    const own = asker && this.#owners.get(asker.signal);
    // The pool of a test that has ended refuses, and names it.
    if (own && !this.#open.includes(own)) return own.sandbox.pool;
    // Hooks, and servers that were started in hooks, serve the test that runs now.
    const running = this.#open.at(-1);
    if (running) return running.sandbox.pool;
    if (this.#phase === 'outside') return undefined;
    if (this.#phase === 'over') throw afterTheFile(captureTrace());
    if (asker?.hook === 'before' || asker?.hook === 'after') return this.#seedPool();
    throw outsideOfTests(captureTrace());
  };

  readonly shown = (): pg.Pool | undefined => (this.#open.at(-1)?.sandbox ?? this.#seed)?.pool;

  readonly end = (): void => {
    const asker = ambientTest();
    const running = (asker && this.#owners.get(asker.signal)) ?? this.#open.at(-1);
    if (!running) {
      this.#ended ??= captureTrace();
      return;
    }
    running.ended ??= new HazardError('no-use-after-end', {
      happened: `test "${running.name}" ended the pool that other tests still use.`,
      acquired: this.#opened,
      used: captureTrace(),
      remedy:
        'End a shared pool in the `after` hook of the file that made it, or leave it open: an idle pool here keeps no process alive.',
    });
    throw running.ended;
  };

  /** @param timedOut whether the test was over before its hooks ran; node:test then drops their errors */
  async #end(test: OpenTest, timedOut: boolean): Promise<void> {
    // A subtest that is still open is closed by its parent's end.
    if (this.#open.includes(test)) this.#open.splice(this.#open.indexOf(test));
    try {
      await test.sandbox.close();
      // The call was refused already; when nobody awaited it, the test fails here.
      if (test.ended) throw test.ended;
    } catch (error) {
      if (timedOut) process.emitWarning(error as Error);
      throw error;
    }
  }

  #openIn(outer: Sandbox | undefined, name: string): Sandbox {
    const sandbox = outer
      ? outer.nest({ name, opened: this.#opened })
      : this.#openOutermost(`test "${name}"`);
    forwardEvents(sandbox.pool, this.#pool);
    return sandbox;
  }

  #openOutermost(owner: string): Sandbox {
    return openSandbox({
      owner,
      opened: this.#opened,
      checkout: async () => (await (this.#real ??= this.#openReal())).connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
      pool: this.#pool.options,
    });
  }

  /** The tests nest in what hooks wrote; when they wrote nothing, each has a transaction of its own. */
  #begunSeed(): Sandbox | undefined {
    return this.#seed?.begun ? this.#seed : undefined;
  }

  #seedPool(): pg.Pool {
    if (!this.#seed) {
      this.#seed = this.#openOutermost('the hooks of this file');
      forwardEvents(this.#seed.pool, this.#pool);
    }
    return this.#seed.pool;
  }

  #usedAfterEnd(): HazardError {
    const running = this.#open.at(-1);
    return new HazardError('no-use-after-end', {
      values: { test: running ? `test "${running.name}"` : 'a hook', noun: 'pool' },
      acquired: this.#ended,
      used: captureTrace(),
    });
  }
}

function outsideOfTests(asked: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `A pool under rollbackEach() was asked outside of any test${at(asked)}; nothing was sent. ` +
      'Either ask in a test, in `beforeEach` or in `before`; or call rollbackEach() before the hook that asks; ' +
      'or start background work of the app in the test that needs it.',
  );
}

function afterTheFile(asked: Trace): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_TEST',
    `A pool under rollbackEach() was asked after the last test${at(asked)}; nothing was sent. ` +
      'Everything is rolled back by then: leave out the clean-up, and stop background work of the app before.',
  );
}

function at({ place }: Trace): string {
  return place ? `, at ${formatPlace(place)}` : '';
}
