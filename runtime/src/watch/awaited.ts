/**
 * Whether anybody waits for a promise. `async_hooks` names the promise that each `await` and `then`
 * hangs on; looking at the promise itself would count as waiting for it.
 */
import { createHook } from 'node:async_hooks';

/** Asynchronous ids of the promises in question that nobody waits for yet. */
const lonely = new Set<number>();
const ids = new WeakMap<object, number>();
let born: Map<object, number> | undefined;

const hook = createHook({
  init(id, type, trigger, resource) {
    if (type !== 'PROMISE') return;
    born?.set(resource, id);
    lonely.delete(trigger);
  },
});

/** Runs `make`, and begins to note whether somebody waits for the promise it answers. */
export function noteAwaiting<T>(make: () => T): T {
  hook.enable();
  const outer = born;
  born = new Map();
  try {
    const made = make();
    const id = made instanceof Promise ? born.get(made) : undefined;
    if (id !== undefined) {
      lonely.add(id);
      ids.set(made as object, id);
    }
    return made;
  } finally {
    born = outer;
  }
}

/** Whether somebody waits for a promise that `noteAwaiting` saw; true of anything else. */
export function isAwaited(promise: unknown): boolean {
  const id = typeof promise === 'object' && promise !== null ? ids.get(promise) : undefined;
  return id === undefined || !lonely.has(id);
}
