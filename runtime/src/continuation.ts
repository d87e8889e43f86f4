/**
 * Which code goes on when an answer comes: whoever awaits it, then whoever awaits what that code
 * returns, and so on up to the function that does something else. `enterWith` at the call would reach
 * what runs beside it instead, and none of those who wait further up. Knows no answers.
 */
import {
  createHook,
  executionAsyncId,
  triggerAsyncId,
  type AsyncLocalStorage,
} from 'node:async_hooks';
import { openShared } from './ambient-test.ts';

// Kept from before a test can mock the timers.
const { setImmediate } = globalThis;

export class Continuation<Store> {
  readonly #storage: AsyncLocalStorage<Store>;
  /** Whose answers came a moment ago. */
  readonly #followed = new Set<Store>();
  /** Promises that this code returned: who awaits them goes on in the same store. */
  readonly #returned = new Map<number, Store>();
  /** The promise that was resolved last, and by whom, while nothing else was begun: perhaps returned. */
  #last: { readonly id: number; readonly by: Store } | undefined;

  constructor(storage: AsyncLocalStorage<Store>) {
    this.#storage = storage;
  }

  /**
   * Tells an answer. What hears it, and what waits for what hears it, goes on in the store.
   * @param tell resolves the promise of the answer, or calls back
   */
  resume(store: Store, tell: () => void): void {
    this.#follow(store);
    this.#storage.run(store, () => {
      try {
        tell();
      } finally {
        this.#return();
      }
    });
  }

  /** What was resolved just now was not returned by the code that runs. */
  disregard(): void {
    this.#last = undefined;
  }

  /** Costs what every promise costs again, so only for as long as an answer is on its way up. */
  #follow(store: Store): void {
    if (this.#followed.size === 0) this.#hook.enable();
    this.#followed.add(store);
    // Libraries pass answers on in later turns of the event loop, too.
    openShared(() =>
      setImmediate(() => {
        openShared(() =>
          setImmediate(() => {
            this.#forget(store);
          }),
        );
      }),
    );
  }

  /** The answer has reached the code that works with it: nothing is followed any more. */
  arrived(store: Store): void {
    if (this.#followed.size > 0) this.#forget(store);
  }

  #forget(store: Store): void {
    if (!this.#followed.delete(store) || this.#followed.size > 0) return;
    this.#hook.disable();
    this.#returned.clear();
    this.#last = undefined;
  }

  #return(): void {
    if (this.#last) this.#returned.set(this.#last.id, this.#last.by);
    this.#last = undefined;
  }

  readonly #hook = createHook({
    /** Who begins something has not returned. */
    init: () => {
      this.#last = undefined;
    },
    promiseResolve: (id) => {
      const by = this.#storage.getStore();
      if (by === undefined || !this.#followed.has(by)) return;
      // The end of a handler, or of a step of an async function.
      if (id === executionAsyncId()) {
        this.#return();
        this.#returned.set(id, by);
      } else {
        this.#last = { id, by };
      }
    },
    before: () => {
      this.#last = undefined;
      const store = this.#returned.get(triggerAsyncId());
      if (store !== undefined) this.#storage.enterWith(store);
    },
    after: () => {
      this.#return();
    },
  });
}
