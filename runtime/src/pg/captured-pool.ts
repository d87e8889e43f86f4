/**
 * Which sandbox answers for a captured pool: that of the test whose work asks, or of the suite whose
 * hook does. Knows neither SQL nor how calls are redirected.
 */
import pg from 'pg';
import type { TestResource } from '../ambient-test.ts';
import { HazardError } from '../hazard-error.ts';
import '../own-requests.ts';
import { around, contextOf, fullNameOf } from '../running-tests.ts';
import { sayTest } from '../test-family.ts';
import { scopeOf } from '../test-scope.ts';
import { captureTrace, type Trace } from '../trace.ts';
import { whoseWork, type Work } from '../whose-work.ts';
import { forwardEvents, type StandIn } from './app-pool.ts';
import { afterTheTests, asksForSeveral, lateWork, outsideOfTests } from './capture-refusals.ts';
import { knownScopeOf, sandboxScopeOf, type SandboxScope } from './sandbox-scope.ts';
import type { Source } from './sources.ts';
import { startUpBefore, startUpScope } from './start-up.ts';

export interface Capture {
  /** Where its sandboxes get their connections; asked once. @throws SetupError when they must not */
  readonly source: () => Source;
  /** The suite whose work it answers; absent for that of the whole process. */
  readonly suite?: TestResource | undefined;
  /** Where it was captured. */
  readonly captured: Trace;
  /** Whether tests may end the pool: it may be one that they made. */
  readonly mayEnd: boolean;
  /** Whether it answers what the app asks while it is loaded. */
  readonly startsUp?: boolean;
}

export class CapturedPool implements StandIn {
  readonly #app: pg.Pool;
  readonly #of: Capture;
  /** The tests whose late work was told. */
  readonly #told = new WeakSet<TestResource>();
  /** One object, by which what its clients have in common is remembered. */
  #options: pg.PoolConfig | undefined;
  #source: Source | undefined;
  /** Where the pool was ended for good. */
  #ended: Trace | undefined;

  constructor(app: pg.Pool, of: Capture) {
    this.#app = app;
    this.#of = of;
  }

  choose(): pg.Pool | Promise<pg.Pool> | undefined {
    const work = whoseWork();
    if (!this.#covers(work)) return undefined;
    if (this.#ended) throw this.#usedAfterEnd(work);
    const before = this.#of.startsUp && startUpBefore(work);
    if (before) return before.then(() => this.choose() as pg.Pool | Promise<pg.Pool>);
    const scope = this.#scopeOf(work);
    const known = scope.pools.get(this);
    if (known) return known;
    if (scope.closed)
      throw work.is === 'of a test' ? this.#late(work.test) : afterTheTests(captureTrace());
    const source = (this.#source ??= this.#of.source());
    const wait = scope.enter();
    return wait ? wait.then(() => this.#poolIn(scope, source)) : this.#poolIn(scope, source);
  }

  shown(): pg.Pool | undefined {
    const work = whoseWork();
    const scope =
      work.is === 'of a test' || work.is === 'late'
        ? knownScopeOf(work.test)
        : work.is === 'of a suite' && knownScopeOf(work.suite);
    return scope ? scope.pools.get(this) : undefined;
  }

  end(): void {
    const work = whoseWork();
    const test = work.is === 'of a test' || work.is === 'late' ? work.test : undefined;
    const context = test && contextOf(test);
    if (!context || this.#of.mayEnd || !this.#covers(work)) {
      this.#ended ??= captureTrace();
      return;
    }
    const error = new HazardError('no-use-after-end', {
      happened: `${sayTest(fullNameOf(test))} ended the pool that other tests still use.`,
      acquired: this.#of.captured,
      used: captureTrace(),
      remedy:
        'End a shared pool in the `after` hook of the file that made it, or leave it open: an idle pool here keeps no process alive.',
    });
    // The call is refused; when nobody awaits it, the test fails all the same.
    scopeOf(context).defer(() => {
      throw error;
    });
    throw error;
  }

  #covers(work: Work): boolean {
    const { suite } = this.#of;
    if (!suite) return true;
    const isWithin = (test: TestResource) => test === suite || around(test).includes(suite);
    switch (work.is) {
      case 'of a test':
      case 'late':
        return isWithin(work.test);
      case 'of a suite':
        return isWithin(work.suite);
      case 'of several':
        return work.tests.some(isWithin);
      case 'of nobody':
        return false;
    }
  }

  #scopeOf(work: Work): SandboxScope {
    switch (work.is) {
      case 'of a test':
        return sandboxScopeOf(work.test);
      case 'of a suite':
        return sandboxScopeOf(work.suite);
      case 'late':
        throw this.#late(work.test);
      case 'of several':
        throw asksForSeveral(work.tests.map(fullNameOf), captureTrace());
      case 'of nobody': {
        const startUp = this.#of.startsUp && startUpScope();
        if (startUp) return startUp;
        throw outsideOfTests(captureTrace());
      }
    }
  }

  #poolIn(scope: SandboxScope, source: Source): pg.Pool {
    const known = scope.pools.get(this);
    if (known) return known;
    this.#options ??= optionsOf(this.#app);
    const pool = scope.sandboxOn(source, this.#of.captured).poolLike(this.#options);
    forwardEvents(pool, this.#app);
    scope.pools.set(this, pool);
    return pool;
  }

  #late(test: TestResource): HazardError {
    const error = lateWork(test, this.#of.captured, captureTrace());
    // Its test is over and cannot fail any more, and what works late often swallows its errors.
    if (!this.#told.has(test)) process.emitWarning(error);
    this.#told.add(test);
    return error;
  }

  #usedAfterEnd(work: Work): HazardError {
    return new HazardError('no-use-after-end', {
      values: {
        test: work.is === 'of a test' ? sayTest(fullNameOf(work.test)) : 'a hook',
        noun: 'pool',
      },
      acquired: this.#ended,
      used: captureTrace(),
    });
  }
}

/** The options of an app's pool, with the type parsers of the copy of `pg` that it is from. */
function optionsOf(app: pg.Pool): pg.PoolConfig {
  const { options } = app;
  const { Client } = app as unknown as { readonly Client: typeof pg.Client };
  if (options.types || isOurs(Client)) return options;
  return { ...options, types: new Client() };
}

function isOurs(Client: typeof pg.Client): boolean {
  return Client === pg.Client || Client.prototype instanceof pg.Client;
}
