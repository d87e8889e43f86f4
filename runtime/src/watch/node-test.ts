/**
 * The tests, suites and hooks of `node:test` as they begin and end. The one file that knows Node's
 * internal `Test`: it wraps `run` and `postRun`, the two methods through which every test, suite and
 * hook of Node 20 to 26 goes, and registers no hook of its own, so that results stay what they are.
 */
import type { Scope } from '@savepoint/catalogue';
import { ambientOwner, onTestMade, trackTests, type TestResource } from '../ambient-test.ts';
import type { RunScope } from '../lifetimes/run-scope.ts';
import { isOwnFile } from '../trace.ts';
import { before, quietly, wrap } from './wrap.ts';

/** Node's `Test`, `Suite` and `TestHook`, as far as savepoint reads them. */
interface NodeTest extends TestResource {
  readonly parent: NodeTest | null;
  readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
  readonly reportedType?: string;
  readonly error: unknown;
  readonly cancelled: boolean;
  readonly hooks?: Readonly<Record<string, readonly NodeTest[]>>;
  /** Of a hook: the test or suite it was declared in. */
  readonly parentTest?: NodeTest | null;
}

/** What a hook is called with. */
interface HookArguments {
  readonly ctx: { readonly signal: AbortSignal };
}

/** One run of a hook. */
export interface HookRun {
  /** `before`, `after`, `beforeEach`, `afterEach`. */
  readonly type: string;
  /** The scope it runs for. */
  readonly serves: RunScope;
  /** The signal of what it serves. */
  readonly signal: AbortSignal;
  readonly file: string | undefined;
  readonly error: unknown;
  /** How many hooks of the same list come after it, without those of savepoint. */
  readonly later: number;
}

/** Where code runs: in a scope, and perhaps in one of its hooks. */
export interface Ambient {
  readonly scope: RunScope;
  readonly hook: HookRun | undefined;
}

/** What happens to tests. Calls are synchronous, before node:test goes on. */
export interface TestEvents {
  /** The first test of the process is about to be made. */
  firstTest(): void;
  began(scope: RunScope): void;
  hookEnded(hook: HookRun): void;
  /** A test or suite is over, all its hooks included. */
  ended(scope: RunScope): void;
  /** A test or suite was told to stop in the middle: by its time-out, or with what is around it. Its hooks come yet. */
  stopped(scope: RunScope): void;
  /** All tests and the `after` hooks of the file are over. */
  finished(): void;
}

/** A test or a suite. */
class NodeScope implements RunScope {
  readonly test: NodeTest;
  ended = false;

  constructor(test: NodeTest) {
    this.test = test;
  }

  get scope(): Scope {
    if (this.test.reportedType === 'suite') return 'suite';
    return this.outer.scope === 'test' || this.outer.scope === 'subtest' ? 'subtest' : 'test';
  }

  get name(): string {
    return this.outer === topLevel ? this.test.name : `${this.outer.name} > ${this.test.name}`;
  }

  get file(): string | undefined {
    return this.test.loc?.file ?? mainFile();
  }

  get outer(): RunScope {
    return scopeOf(this.test.parent);
  }

  get failed(): boolean {
    return this.test.error !== null || this.test.cancelled;
  }
}

const scopes = new WeakMap<NodeTest, NodeScope>();
const scopesBySignal = new WeakMap<AbortSignal, NodeScope>();
/** The runs of a hook that are under way: several when tests run at the same time. */
const hookRuns = new WeakMap<NodeTest, HookRun[]>();

/** What is outside every test: the top level of the file, Node's root test. */
export const topLevel: RunScope = {
  scope: 'file',
  get name() {
    return mainFile() ?? process.cwd();
  },
  get file() {
    return mainFile();
  },
  outer: undefined,
  ended: false,
  failed: false,
};

/** Begins to watch. Call before the first test is made. */
export function watchTests(events: TestEvents): void {
  const wrapped = new WeakSet<object>();
  let seen = false;
  onTestMade((made) => {
    // The fields are not set yet; the class is known. Its first instance is the root.
    for (const prototype of prototypesOf(made)) {
      if (wrapped.has(prototype)) continue;
      wrapped.add(prototype);
      wrapRun(prototype, events);
      wrapPostRun(prototype, events);
    }
    if (!seen) {
      seen = true;
      events.firstTest();
    }
  });
  trackTests();
}

/** The scope and hook whose code is running. */
export function ambient(): Ambient {
  const owner = ambientOwner();
  if (!owner) return { scope: topLevel, hook: undefined };
  const here = placeIn(owner.test as NodeTest);
  return owner.served && here.scope.ended ? { scope: topLevel, hook: undefined } : here;
}

/** The scope whose asynchronous context code runs in, whomever it serves and whether that is over. */
export function contextScope(): RunScope {
  const owner = ambientOwner();
  if (!owner) return topLevel;
  const served = owner.context && scopesBySignal.get(owner.context.signal);
  return served ?? placeIn(owner.test as NodeTest).scope;
}

function placeIn(test: NodeTest): Ambient {
  if (test.hookType === undefined) return { scope: scopeOf(test), hook: undefined };
  const runs = hookRuns.get(test) ?? [];
  const hook = runs.at(-1);
  // A hook that serves several tests at once cannot tell them apart: then it works for their suite.
  return {
    scope: runs.length === 1 && hook ? hook.serves : scopeOf(test.parentTest ?? null),
    hook,
  };
}

function wrapRun(prototype: object, events: TestEvents): void {
  wrap(
    prototype,
    'run',
    (original) =>
      function (this: unknown, ...args) {
        const test = this as NodeTest;
        quietly(() => begin(test, args[0] as HookArguments | undefined, events));
        const result = original.apply(this, args);
        if (test.parent === null && test.hookType === undefined) whenRun(result, events);
        return result;
      },
  );
}

/** A hook is run with the arguments of the test it serves, and then again by its base class without. */
function begin(test: NodeTest, args: HookArguments | undefined, events: TestEvents): void {
  if (test.hookType === undefined) {
    if (test.parent !== null) beginScope(scopeOf(test), test, events);
  } else if (args) {
    beginHook(test, args);
  }
}

/** What node:test gives as the reason of a failure when it stops a test, before its hooks have run. */
const STOPPED = new Set(['testTimeoutFailure', 'testAborted', 'cancelledByParent']);

/** The signal comes at every end of a test. */
function beginScope(scope: RunScope, test: NodeTest, events: TestEvents): void {
  events.began(scope);
  test.signal.addEventListener('abort', () => {
    const { failureType } = Object(test.error) as { failureType?: string };
    if (!scope.ended && STOPPED.has(failureType ?? '')) quietly(() => events.stopped(scope));
  });
}

/** The root runs when all its tests have: what it runs are the `after` hooks of the file. */
function whenRun(result: unknown, events: TestEvents): void {
  const finished = () => quietly(() => events.finished());
  void (result as Promise<void>).then(finished, finished);
}

function wrapPostRun(prototype: object, events: TestEvents): void {
  before(prototype, 'postRun', function (this: unknown) {
    const test = this as NodeTest;
    if (test.hookType !== undefined) endHook(test, events);
    else endScope(scopeOf(test), events);
  });
}

function beginHook(hook: NodeTest, { ctx }: HookArguments): void {
  const type = hook.hookType ?? '';
  const serves = scopesBySignal.get(ctx.signal) ?? topLevel;
  const run: HookRun = {
    type,
    serves,
    signal: ctx.signal,
    file: hook.loc?.file,
    get error() {
      return hook.error;
    },
    get later() {
      const list = listOf(hook, serves);
      return list.slice(list.indexOf(hook) + 1).filter(({ loc }) => !isOwnFile(loc?.file)).length;
    },
  };
  hookRuns.set(hook, [...(hookRuns.get(hook) ?? []), run]);
}

function endHook(hook: NodeTest, events: TestEvents): void {
  const [run, ...others] = hookRuns.get(hook) ?? [];
  hookRuns.set(hook, others);
  if (run) events.hookEnded(run);
}

/** The hooks that run in one go with this one. */
function listOf(hook: NodeTest, serves: RunScope): readonly NodeTest[] {
  const type = hook.hookType ?? '';
  // The root is not among the scopes; its hooks know it, which those of a test do only since Node 22.
  const served = serves instanceof NodeScope ? serves.test : hook.parentTest;
  const holder = type.endsWith('Each') ? served?.parent : served;
  return holder?.hooks?.[type] ?? [];
}

function endScope(scope: RunScope, events: TestEvents): void {
  if (!(scope instanceof NodeScope) || scope.ended) return;
  scope.ended = true;
  events.ended(scope);
}

function scopeOf(test: NodeTest | null): RunScope {
  if (!test?.parent) return topLevel;
  let scope = scopes.get(test);
  if (!scope) {
    scope = new NodeScope(test);
    scopes.set(test, scope);
    scopesBySignal.set(test.signal, scope);
  }
  return scope;
}

/** The classes of Node's an object is made of: those that have one of the two methods themselves. */
function prototypesOf(test: object): object[] {
  const found: object[] = [];
  for (
    let at: unknown = Object.getPrototypeOf(test);
    typeof at === 'object' && at;
    at = Object.getPrototypeOf(at)
  ) {
    if (Object.hasOwn(at, 'run') || Object.hasOwn(at, 'postRun')) found.push(at);
  }
  return found;
}

function mainFile(): string | undefined {
  return process.argv[1];
}
