/**
 * The work an app still owes when its test ends: requests that were not awaited, and what handlers
 * handed to `waitUntil`. Knows no app and no request, only promises and where they began.
 */
import { HazardError } from '../hazard-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { throwAll } from '../throw-all.ts';
import { formatPlace, type Trace } from '../trace.ts';

/** One promise: what it is, as a noun phrase, and where it began. */
interface Work {
  readonly what: string;
  readonly began: Trace;
}

// Taken when savepoint is loaded: a test may have replaced them by `mock.timers`.
const { setTimeout, clearTimeout } = globalThis;

export class UnfinishedWork {
  readonly #pending = new Map<PromiseLike<unknown>, Work>();
  readonly #failures: Error[] = [];

  /** Waits for a request; whether it fails is its caller's concern. */
  trackRequest(request: Promise<unknown>, work: Work): void {
    this.#track(request, work, () => undefined);
  }

  /** Waits for work that nobody else awaits; its failure is one of the test. */
  trackBackground(background: PromiseLike<unknown>, work: Work): void {
    this.#track(background, work, (cause) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#failures.push(
        Object.assign(new Error(`${work.what} failed: ${reason}`, { cause }), {
          code: 'ERR_SAVEPOINT_WAIT_UNTIL',
        }),
      );
    });
  }

  #track(promise: PromiseLike<unknown>, work: Work, onFailure: (cause: unknown) => void): void {
    this.#pending.set(promise, work);
    promise.then(
      () => this.#pending.delete(promise),
      (cause: unknown) => {
        this.#pending.delete(promise);
        onFailure(cause);
      },
    );
  }

  /**
   * Waits until nothing is left, also of what is added meanwhile.
   *
   * @param test whose work it is
   * @param deadline milliseconds it waits at most
   * @throws Error `ERR_SAVEPOINT_WAIT_UNTIL`, the app's own error as its cause, when background work failed
   * @throws HazardError `no-late-activity` when something is still running at the deadline
   * @throws AggregateError when there is more than one of these
   */
  async settle(test: TestScope, deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<true>((resolve) => {
      timer = setTimeout(resolve, deadline, true);
    });
    while (this.#pending.size > 0) {
      if ((await Promise.race([Promise.allSettled(this.#pending.keys()), expired])) === true) break;
    }
    clearTimeout(timer);
    const late = this.#pending.size > 0 ? [this.#late(test, deadline)] : [];
    throwAll([...this.#failures, ...late]);
  }

  #late(test: TestScope, deadline: number): HazardError {
    const left = [...this.#pending.values()];
    const list = left.map(({ what, began }) =>
      began.place ? `${what} (${formatPlace(began.place)})` : what,
    );
    return new HazardError('no-late-activity', {
      happened: `${String(deadline)} ms after ${sayTest(test.name)} ended this was still running: ${list.join('; ')}.`,
      used: left[0]?.began,
      test: identityOf(test),
      remedy:
        'Await every request in the test, and let all work handed to `waitUntil` come to an end.',
    });
  }
}
