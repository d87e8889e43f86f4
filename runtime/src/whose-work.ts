/**
 * Whose work is it that runs now: a test's, that of a suite which prepares its tests, or nobody's.
 * Told from where it was begun; never guessed. Knows no resource.
 */
import { ambientOwner, testOfSignal, type Owner, type TestResource } from './ambient-test.ts';
import { innermostRunning, isOver, isTest } from './running-tests.ts';

export type Work =
  /** Of a test that runs, or of one of its hooks. */
  | { readonly is: 'of a test'; readonly test: TestResource }
  /** Of a `before` or `after` hook; `suite` may be the root, which stands for the file. */
  | { readonly is: 'of a suite'; readonly suite: TestResource }
  /** Begun by a test that is over. */
  | { readonly is: 'late'; readonly test: TestResource }
  /** It serves these tests and might be for any of them. */
  | { readonly is: 'of several'; readonly tests: readonly TestResource[] }
  | { readonly is: 'of nobody' };

/**
 * Whose work runs now.
 *
 * What a test began is its own. What came in through a server, and what was begun outside of any
 * test, is for the test that runs in its reach, if there is only one. While a subtest runs, what
 * its parent does is a part of it: they cannot be told apart by what is rolled back.
 */
export function whoseWork(): Work {
  const owner = ambientOwner();
  const from = owner && originOf(owner);
  if (!owner || !from) return forWhoeverRuns(undefined);
  if (owner.served) return servedFrom(from);
  if (isTest(from) && (inHook(owner) ? hasEnded(from) : isOver(from)))
    return { is: 'late', test: from };
  const inner = forWhoeverRuns(from);
  if (inner.is !== 'of nobody') return inner;
  if (isTest(from)) return { is: 'of a test', test: from };
  return inHook(owner) && !hasEnded(from) ? { is: 'of a suite', suite: from } : inner;
}

/** A request is for a test that runs where its server was started; when that is over, further out. */
function servedFrom(from: TestResource): Work {
  for (let at: TestResource | null = from; at; at = at.parent) {
    const inner = forWhoeverRuns(at);
    if (inner.is !== 'of nobody') return inner;
    if (isTest(at) && !isOver(at)) return { is: 'of a test', test: at };
  }
  return { is: 'of nobody' };
}

function forWhoeverRuns(beneath: TestResource | undefined): Work {
  const tests = innermostRunning(beneath);
  const [test] = tests;
  if (!test) return { is: 'of nobody' };
  return tests.length === 1 ? { is: 'of a test', test } : { is: 'of several', tests };
}

/** The test or suite that work was begun in, or for. */
function originOf({ test, context }: Owner): TestResource | undefined {
  if (test.hookType === undefined) return test;
  return (context && testOfSignal(context.signal)) ?? test.parentTest ?? undefined;
}

/** The hooks of a test that was told to stop still run. */
function hasEnded({ endTime }: TestResource): boolean {
  return endTime !== null;
}

function inHook({ test }: Owner): boolean {
  return test.hookType !== undefined;
}
