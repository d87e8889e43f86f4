/**
 * Which test is this, and what must happen when it ends. A scope is keyed by the test's
 * `t.signal`, the one public object that Node keeps per test and aborts whenever the test ends,
 * also after a hook that threw. Knows no resource.
 */
import type { TestContext } from 'node:test';
import { HazardError } from './hazard-error.ts';
import { sayTest } from './test-family.ts';
import { throwAll } from './throw-all.ts';
import { captureTrace, traceOf, type Trace } from './trace.ts';

export { ambientTest, trackTests, type AmbientTest } from './ambient-test.ts';

type Release = () => unknown;

/** One test while it runs, and the releases it owes. */
export class TestScope {
  readonly name: string;
  #opened: Trace;
  readonly #t: TestContext;
  readonly #signal: AbortSignal;
  readonly #releases: Release[] = [];
  #hooksRan = false;
  #closing: Promise<void> | undefined;

  constructor(t: TestContext, opened: Trace) {
    this.name = t.fullName;
    this.#opened = opened;
    this.#t = t;
    this.#signal = t.signal;
    // node:test runs `t.after` hooks first in, first out, but also those that a hook adds. A hook
    // that adds the real one is therefore the last to run, however early it was registered.
    t.after(() => {
      this.#hooksRan = true;
      t.after(() => this.close());
    });
    this.#signal.addEventListener('abort', () => {
      const failure = failureOf(t);
      // After a `t.after` hook that threw, node:test skips the rest, ours included.
      const wasSkipped = !this.#closing && (this.#hooksRan || failure?.message === AFTER_THREW);
      if (!told.has(t.signal) && (wasSkipped || failure?.message === AFTER_EACH_THREW)) {
        reportLate(this.#teardownThrew(hookErrorOf(failure)));
      }
      // On a time-out the signal comes before the hooks: then `close` is still to be called by them.
      const hooksWillRun = !this.#hooksRan && STOPPED.has(failure?.failureType ?? '');
      if (!this.#closing && !hooksWillRun) void this.close().catch(reportLate);
      ended.push(this);
      const oldest = ended.length > REMEMBERED && ended.shift();
      if (oldest) oldest.#forget();
    });
    open.add(this);
  }

  /** Where it was asked for first; unknown when many tests have ended since it did. */
  get opened(): Trace {
    return this.#opened;
  }

  #forget(): void {
    this.#opened = UNKNOWN;
  }

  /** Whether the test is over, or was told to stop by a time-out. */
  get ended(): boolean {
    return this.#signal.aborted || this.#closing !== undefined;
  }

  /** What its body threw; undefined before, and when it threw nothing. */
  get failure(): unknown {
    return failureOf(this.#t)?.cause;
  }

  /** Whether it ran into its time-out. Its body may go on all the same. */
  get timedOut(): boolean {
    return failureOf(this.#t)?.failureType === TIMED_OUT;
  }

  /** Whether node:test stopped it, runs its hooks, and drops what they throw. */
  get stopped(): boolean {
    return this.#signal.aborted && STOPPED.has(failureOf(this.#t)?.failureType ?? '');
  }

  /** Runs `release` when the test ends: awaited, last in first out, also when another one throws. */
  defer(release: Release): void {
    this.#releases.push(release);
  }

  /**
   * Runs what is owed, once; later calls wait for the first.
   * @throws the error of a release, or an `AggregateError` when several threw
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#release());
  }

  #teardownThrew(thrown: unknown): HazardError {
    return new HazardError('no-fragile-teardown', {
      happened: `A teardown hook of ${sayTest(this.name)} threw, and node:test skipped the hooks after it. What savepoint held for the test is released all the same.`,
      acquired: this.#opened,
      used: thrown instanceof Error ? traceOf(thrown.stack ?? '') : undefined,
      remedy:
        'Find out why the hook throws. Acquire with `use(t, acquire, release)` of `savepoint`: all releases run, last in first out, even when one throws.',
      test: { name: this.name, file: undefined },
      cause: thrown,
    });
  }

  #release(): Promise<void> {
    open.delete(this);
    const errors: unknown[] = [];
    const awaited = this.#releaseUntilAwaited(errors);
    return awaited || errors.length > 0 ? this.#releaseAwaiting(awaited, errors) : RELEASED;
  }

  /** @returns what is to be awaited before the next release; a promise more is time that every test pays for */
  #releaseUntilAwaited(errors: unknown[]): PromiseLike<unknown> | undefined {
    for (let release = this.#releases.pop(); release; release = this.#releases.pop()) {
      try {
        const released = release() as PromiseLike<unknown> | undefined;
        if (released) return released;
      } catch (error) {
        errors.push(error);
      }
    }
    return undefined;
  }

  async #releaseAwaiting(
    first: PromiseLike<unknown> | undefined,
    errors: unknown[],
  ): Promise<void> {
    for (let awaited = first; awaited; awaited = this.#releaseUntilAwaited(errors)) {
      try {
        await awaited;
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors, `${String(errors.length)} releases of ${sayTest(this.name)} failed:`);
  }
}

/** Of all scopes that had nothing to await. */
const RELEASED = Promise.resolve();

/** Why node:test aborts a test before its hooks have run; else it does so after them. */
const TIMED_OUT = 'testTimeoutFailure';
const STOPPED = new Set([
  TIMED_OUT,
  'testAborted',
  'cancelledByParent',
  'uncaughtException',
  'unhandledRejection',
]);

/** How node:test says which hook of a test threw; the same in Node 20 to 26. */
const AFTER_THREW = 'failed running after hook';
const AFTER_EACH_THREW = 'failed running afterEach hook';

/** What Node keeps of a failure; its declared type leaves the fields out. */
interface Failure {
  readonly message?: string;
  readonly failureType?: string;
  readonly cause?: unknown;
}

/** What a hook threw, where node:test keeps it: the failure of a body comes first and hides it. */
function hookErrorOf(failure: Failure | null | undefined): unknown {
  const isOfHook = failure?.message === AFTER_THREW || failure?.message === AFTER_EACH_THREW;
  return isOfHook ? failure.cause : undefined;
}

function failureOf(t: TestContext): Failure | null | undefined {
  return (t as { readonly error?: Failure | null }).error;
}

/** Node keeps every test of a file, and with it its hooks; a stack must not stay with each of them. */
const REMEMBERED = 1_000;
const UNKNOWN: Trace = { frames: [], place: undefined };
/** The last tests that ended, of which late work is still to be expected. */
const ended: TestScope[] = [];

const scopes = new WeakMap<AbortSignal, TestScope>();
/** Tests of which somebody told already that a teardown hook threw. */
const told = new WeakSet<AbortSignal>();
const open = new Set<TestScope>();

/** How Node calls the test around all tests of a process. */
const ROOT = '<root>';

/**
 * The scope of a test, made at the first call.
 * @param opened from where, when the caller knows it already
 * @throws TypeError when `t` is not the context of a test
 */
export function scopeOf(t: TestContext, opened?: Trace): TestScope {
  // Callers in JavaScript may pass anything.
  const { after, signal, name } = Object(t) as Partial<TestContext>;
  // A `before` hook of the file is given a context like a test's: that of Node's root test.
  if (typeof after !== 'function' || !(signal instanceof AbortSignal) || name === ROOT) {
    throw new TypeError(
      'savepoint needs the context of a test as its first argument: test("…", async (t) => …). ' +
        'A suite and its `before` hooks have no such context; use `beforeEach((t) => …)` or the test itself.',
    );
  }
  let scope = scopes.get(signal);
  if (!scope) {
    scope = new TestScope(t, opened ?? captureTrace());
    scopes.set(signal, scope);
  }
  return scope;
}

/** Notes that somebody else has told of a teardown hook that threw: once is enough. */
export function noteTeardownTold(test: AbortSignal): void {
  told.add(test);
}

/** Closes the scopes of tests that ended without their hooks: a runtime `t.skip()` before Node 24. */
export async function closeEndedScopes(): Promise<void> {
  for (const scope of open) if (scope.ended) await scope.close().catch(reportLate);
}

function reportLate(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}

process.once('beforeExit', () => void closeEndedScopes());
