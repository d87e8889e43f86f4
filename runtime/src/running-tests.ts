/**
 * Which tests are running, and beneath which test or suite. A test runs from the first of its hooks
 * until it is over or told to stop. Knows no resource.
 */
import type { TestContext } from 'node:test';
import { onTestEntered, testOfSignal, trackTests, type TestResource } from './ambient-test.ts';

/** The tests running in a test or suite, at any depth; `everywhere` those of the process. */
const runningIn = new WeakMap<TestResource, Set<TestResource>>();
const everywhere = new Set<TestResource>();
const contexts = new WeakMap<TestResource, TestContext>();

/** From import on, so that no test is missed. */
trackTests();
onTestEntered((_, context) => {
  const test = testOfSignal(context.signal);
  if (!test || contexts.has(test)) return;
  contexts.set(test, context);
  if (isTest(test)) begin(test);
});

function begin(test: TestResource): void {
  if (test.signal.aborted) return;
  const groups = [everywhere, ...around(test).map(runningBeneath)];
  for (const group of groups) group.add(test);
  test.signal.addEventListener('abort', () => {
    for (const group of groups) group.delete(test);
  });
}

function runningBeneath(test: TestResource): Set<TestResource> {
  const known = runningIn.get(test) ?? new Set();
  runningIn.set(test, known);
  return known;
}

/** What the function or the hooks of a test are called with, from its first hook on; of the root, from its end on. */
export function contextOf(test: TestResource): TestContext | undefined {
  return contexts.get(test);
}

/**
 * The tests that run in this test or suite and have none running in them.
 * @param test absent for those of the whole process
 */
export function innermostRunning(test?: TestResource): readonly TestResource[] {
  const running = test ? runningIn.get(test) : everywhere;
  if (!running || running.size === 0) return [];
  return [...running].filter((candidate) => !runningIn.get(candidate)?.size);
}

/** The tests and suites around a test, the nearest first and the root last. */
export function around(test: TestResource): readonly TestResource[] {
  const found: TestResource[] = [];
  for (let at = test.parent; at; at = at.parent) found.push(at);
  return found;
}

/** Whether it is a test, and not a suite or the root. */
export function isTest(test: TestResource): boolean {
  return test.parent !== null && test.reportedType !== 'suite';
}

/** Whether a test or suite is over, or was told to stop. */
export function isOver(test: TestResource): boolean {
  return test.signal.aborted || test.endTime !== null;
}

/** The name with those of the suites and tests around it, as node:test joins them. */
export function fullNameOf(test: TestResource): string {
  const names = [test, ...around(test)].filter(({ parent }) => parent !== null);
  return names
    .map(({ name }) => name)
    .reverse()
    .join(' > ');
}
