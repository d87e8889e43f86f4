/** The global dispatcher of undici that tests and suites leave replaced. */
import type { Ledger } from '../lifetimes/ledger.ts';
import { captureTrace, isOwnCall } from '../trace.ts';
import { whenLoaded } from './loaded-modules.ts';
import { ambient } from './node-test.ts';
import { before } from './wrap.ts';

/** Where undici keeps it: up to version 7, and since. Node's own `fetch` reads one of them. */
const SLOTS = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')];

/** Records the first replacement of each scope. A file may replace it: its process ends with it. */
export function watchDispatcher(ledger: Ledger): void {
  const replacedBy = new WeakSet();
  let initial: readonly unknown[] | undefined;
  let latest: unknown;
  whenLoaded('undici/index.js', (exported) => {
    before(exported as object, 'setGlobalDispatcher', ([dispatcher]) => {
      latest = dispatcher;
      const { scope } = ambient();
      if (scope.scope === 'file' || replacedBy.has(scope) || isOwnCall()) return;
      replacedBy.add(scope);
      const previous = dispatchers();
      const first = (initial ??= previous);
      ledger.acquire({
        kind: 'dispatcher',
        resource: {},
        owner: scope,
        acquired: captureTrace(),
        values: () => ({ dispatcher: nameOf(latest) }),
        isHeld: () => isReplacedSince(previous) && isReplacedSince(first),
      });
    });
  });
}

function dispatchers(): unknown[] {
  return SLOTS.map((slot) => (globalThis as Record<symbol, unknown>)[slot]);
}

/**
 * Whether another dispatcher is there now. An empty slot had none to put back; and when the old one is
 * put back in one slot, undici makes a new wrapper of it for the other.
 */
function isReplacedSince(previous: readonly unknown[]): boolean {
  const now = dispatchers();
  const filled = SLOTS.flatMap((_, slot) => (previous[slot] === undefined ? [] : [slot]));
  return filled.length > 0 && filled.every((slot) => now[slot] !== previous[slot]);
}

function nameOf(dispatcher: unknown): string {
  const name = (Object(dispatcher) as object).constructor.name;
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`;
}
