/**
 * Which test has changed which piece of process-wide state, and how it is put back. Knows neither
 * variables nor directories: a piece of state is its name.
 */
import { HazardError } from '../hazard-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import { identityOf, isAround, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';

/** One change by one test. Changes of one state form a stack: a subtest's lies on its parent's. */
interface Hold {
  readonly scope: TestScope;
  readonly trace: Trace;
  readonly restore: () => void;
}

const holds = new Map<string, Hold[]>();

/**
 * Checks that `scope` may change `state` now.
 * @throws HazardError `no-unrestored-process-state` while a test that is not one of its parents has it changed;
 *   `no-late-activity` when the test of `scope` is over
 */
export function assertMayChange(state: string, scope: TestScope, used: Trace): void {
  if (scope.ended) {
    throw new HazardError('no-late-activity', {
      happened: `${state} was changed for ${sayTest(scope.name)}, which has ended; nothing would put it back.`,
      acquired: scope.opened,
      used,
      test: identityOf(scope),
    });
  }
  restoreEnded(state);
  const holder = holds.get(state)?.at(-1);
  if (!holder || holder.scope === scope || isAround(holder.scope, scope)) return;
  throw new HazardError('no-unrestored-process-state', {
    happened:
      `${sayTest(scope.name)} changes ${state} while ${sayTest(holder.scope.name)} has it changed` +
      `${at(holder.trace)}; they run at the same time and would see each other's value.`,
    acquired: holder.trace,
    used,
    test: identityOf(scope),
    remedy:
      'Run these tests one after another (no `concurrency`), or pass the value to the code under test instead.',
  });
}

/** Notes a change and puts it back, by `restore`, when the test ends. */
export function holdUntilEnd(
  state: string,
  scope: TestScope,
  trace: Trace,
  restore: () => void,
): void {
  const hold: Hold = { scope, trace, restore };
  const stack = holds.get(state) ?? [];
  stack.push(hold);
  holds.set(state, stack);
  scope.defer(() => {
    release(state, hold);
  });
}

function release(state: string, hold: Hold): void {
  const stack = holds.get(state);
  if (!stack?.includes(hold)) return;
  // Changes above this one go too: the value from before this test is from before them all.
  const [, above] = stack.splice(stack.indexOf(hold));
  if (stack.length === 0) holds.delete(state);
  hold.restore();
  if (!above) return;
  throw new HazardError('no-unrestored-process-state', {
    happened:
      `${sayTest(hold.scope.name)} ended while ${sayTest(above.scope.name)} had ${state} changed${at(above.trace)}. ` +
      'The value from before both was put back.',
    acquired: hold.trace,
    used: above.trace,
    test: identityOf(hold.scope),
    remedy: 'Await the subtest, so that it ends before the test that started it.',
  });
}

/** A test skipped at run time before Node 24 runs no hooks; its changes are put back by the next one. */
function restoreEnded(state: string): void {
  for (let hold = holds.get(state)?.at(-1); hold?.scope.ended; hold = holds.get(state)?.at(-1))
    release(state, hold);
}

function at({ place }: Trace): string {
  return place ? ` (${formatPlace(place)})` : '';
}
