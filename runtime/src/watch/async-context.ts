/**
 * Asynchronous context that is lost: in callbacks of `pg`, which run in the context that opened the
 * connection or gave it back, and in hooks, whose context ends with them.
 */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import { ambientOwner } from '../ambient-test.ts';
import { report } from '../lifetimes/judge.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { captureTrace, formatPlace, isPackageCall, type Trace } from '../trace.ts';
import { ambient, contextScope, type Ambient } from './node-test.ts';
import { before } from './wrap.ts';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/** Told of what begins while a callback runs in a context that is not its own. */
let onWork: (() => void) | undefined;
const hook = createHook({
  init() {
    // What a package does by itself, such as starting a timer for an idle client, is not the callback's.
    if (onWork && !isPackageCall()) onWork();
  },
});
const reported = new Set<string>();

/** Something is asked of `pg`: work of whoever asks. */
export function workBegins(): void {
  onWork?.();
}

/** The callback, observed: reported when it begins work, or throws, in another test's context than it was given in. */
export function observeCallback(
  callback: Callback,
  given: Ambient & { readonly at: Trace },
): Callback {
  const own = ambientOwner()?.test;
  const isForeign = () => ambientOwner()?.test !== own;
  const observed: Callback = function (...args) {
    return isForeign()
      ? runObserved(() => callback.apply(this, args), isForeign, given)
      : callback.apply(this, args);
  };
  Object.defineProperty(observed, 'name', { value: callback.name, configurable: true });
  Object.defineProperty(observed, 'length', { value: callback.length, configurable: true });
  return observed;
}

function runObserved<T>(
  run: () => T,
  isForeign: () => boolean,
  { scope, at }: Ambient & { readonly at: Trace },
): T {
  const other = contextScope();
  const outer = onWork;
  let worked = false;
  // A callback that is bound to its context comes back to it.
  onWork = () => (worked ||= isForeign());
  hook.enable();
  try {
    return run();
  } catch (error) {
    worked = true;
    throw error;
  } finally {
    onWork = outer;
    if (!outer) hook.disable();
    if (worked) {
      const happened = `A callback that ${sayScope(scope)} gave to \`pg\` worked in the context of ${sayScope(other)}.`;
      reportOnce(scope, happened, at);
    }
  }
}

/** Sees stores that are entered in a hook: on every Node, the body of the test does not have them. */
export function watchStoresOfHooks(): void {
  before(AsyncLocalStorage.prototype, 'enterWith', () => {
    const { scope, hook: during } = ambient();
    if (!during?.type.startsWith('before')) return;
    const at = captureTrace();
    // In a file of the app's it may be for the request that the hook makes.
    if (isPackageCall() || at.place?.file !== during.file) return;
    const happened = `A ${during.type} hook of ${sayScope(scope)} entered an AsyncLocalStorage, which ends with the hook.`;
    reportOnce(scope, happened, at);
  });
}

function reportOnce(scope: Ambient['scope'], happened: string, used: Trace): void {
  const line = used.place ? formatPlace(used.place) : '';
  if (reported.has(line)) return;
  reported.add(line);
  report('no-lost-async-context', scope, { happened, used });
}
