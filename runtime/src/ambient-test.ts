/**
 * Which test is running this code. One `async_hooks` hook notes for every asynchronous operation the
 * test it was begun in. The one file that knows how Node calls tests and hooks; knows nothing of
 * scopes and resources.
 */
import { AsyncResource, createHook, executionAsyncResource } from 'node:async_hooks';
import type { TestContext } from 'node:test';

/** The fields of Node's internal `Test` that savepoint reads; the same in Node 20 to 26. */
export interface TestResource {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Null for Node's root test, which stands for the file, or for all files without isolation. */
  readonly parent: TestResource | null;
  /** Null until all is over, hooks included. */
  readonly endTime: bigint | null;
  readonly reportedType?: string;
  /** `before`, `beforeEach`, … when the resource is a hook. */
  readonly hookType?: string;
  /** Of a hook: the test or suite it was declared in. */
  readonly parentTest?: TestResource | null;
  readonly loc?: { readonly file: string; readonly line: number; readonly column: number };
}

/** The test in whose asynchronous context code runs. */
export interface AmbientTest {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Set when the code runs in a hook; `signal` is then the hook's, not the test's. */
  readonly hook: string | undefined;
}

/** Whose an asynchronous operation is. */
export interface Owner {
  readonly test: TestResource;
  /**
   * What Node called it with. A hook is one for all the tests it serves, which may run at the same
   * time; its context is that of the test, or suite, that it serves this time.
   */
  readonly context: TestContext | undefined;
  /**
   * True when it came in through something the test opened that serves everybody: a request to its
   * server, an answer on its connection. Once the test has ended, that says nothing any more.
   */
  readonly served: boolean;
}

const OWNER = Symbol('savepoint.owner');
type Owned = { [OWNER]?: Owner | undefined };

/** What accepts connections is asked by whoever likes, not by the test that listens. */
const SERVERS = new Set(['TCPSERVERWRAP', 'PIPESERVERWRAP']);

type Entered = (test: TestResource, context: TestContext) => void;

type Begun = (type: string, operation: object) => void;

const madeListeners: ((test: TestResource) => void)[] = [];
const begunListeners: Begun[] = [];
const enteredListeners: Entered[] = [];
let tracking = false;
let sharing = false;

/** Begins to note which test every asynchronous operation belongs to. Call before tests start. */
export function trackTests(): void {
  if (tracking) return;
  tracking = true;
  createHook({
    init(_id, type, _trigger, resource: Owned) {
      if (type === 'Test') {
        made(resource as TestResource);
        return;
      }
      const owner = ambientOwner();
      resource[OWNER] =
        owner && (sharing || SERVERS.has(type)) ? { ...owner, served: true } : owner;
      if (type !== 'PROMISE' && !sharing)
        for (const listener of begunListeners) listener(type, resource);
    },
  }).enable();
}

function made(test: TestResource): void {
  seeCalls(test);
  (test as Owned)[OWNER] = { test, context: undefined, served: false };
  unread.push(test);
  for (const listener of madeListeners) listener(test);
}

/** Node calls the function of every test, suite and hook in the scope of its resource, context first. */
function seeCalls(test: TestResource): void {
  const prototype = classBelow(AsyncResource.prototype, test);
  if (Object.hasOwn(prototype, 'runInAsyncScope')) return;
  Object.defineProperty(prototype, 'runInAsyncScope', {
    configurable: true,
    writable: true,
    value: function runAsTest(
      this: TestResource & AsyncResource,
      ...args: Parameters<AsyncResource['runInAsyncScope']>
    ) {
      const context = args[1] as TestContext | undefined;
      (this as Owned)[OWNER] = { test: this, context, served: false };
      if (context) for (const listener of enteredListeners) listener(this, context);
      return AsyncResource.prototype.runInAsyncScope.apply(this, args);
    },
  });
}

function classBelow(base: object, instance: object): object {
  let prototype = Object.getPrototypeOf(instance) as object;
  for (
    let next = Object.getPrototypeOf(prototype) as object | null;
    next && next !== base;
    next = Object.getPrototypeOf(prototype) as object | null
  ) {
    prototype = next;
  }
  return prototype;
}

/** Calls `listener` with each test, suite and hook as Node begins to make it: its fields are not set yet. */
export function onTestMade(listener: (test: TestResource) => void): void {
  madeListeners.push(listener);
}

/** Calls `listener` with each asynchronous operation of the app's but promises, in the context that begins it. */
export function onOperationBegun(listener: Begun): void {
  begunListeners.push(listener);
}

/** Calls `listener` with each test, suite and hook before its function, and with what that is called with. */
export function onTestEntered(listener: Entered): void {
  enteredListeners.push(listener);
}

/** Calls `listener` when a suite is over, its hooks included. Its signal says so only when it failed. */
export function onSuiteOver(suite: TestResource, listener: () => void): void {
  const { postRun } = suite as unknown as { readonly postRun: (...args: unknown[]) => unknown };
  Object.defineProperty(suite, 'postRun', {
    configurable: true,
    writable: true,
    value(this: TestResource, ...args: unknown[]) {
      const result = postRun.apply(this, args);
      listener();
      return result;
    },
  });
}

/** Those that were made when their signals could not be read yet. */
let unread: TestResource[] = [];
const testsBySignal = new WeakMap<AbortSignal, TestResource>();

/** The test or suite of which this is the signal; undefined for a hook's, and for one that is not Node's. */
export function testOfSignal(signal: AbortSignal): TestResource | undefined {
  for (const test of unread) {
    if (test.hookType !== undefined) continue;
    for (let at: TestResource | null = test; at; at = at.parent) testsBySignal.set(at.signal, at);
  }
  unread = [];
  return testsBySignal.get(signal);
}

/** Runs `open`, which opens something that serves whoever asks, not only the test that is running. */
export function openShared<T>(open: () => T): T {
  const before = sharing;
  sharing = true;
  try {
    return open();
  } finally {
    sharing = before;
  }
}

/** What is running now, and what it begins, is done on behalf of this owner. */
export function workFor(owner: Owner): void {
  (executionAsyncResource() as Owned)[OWNER] = { ...owner, served: true };
}

/** The test or hook whose code is running, if any. Nothing before `trackTests()`. */
export function ambientTest(): AmbientTest | undefined {
  const owner = ambientOwner();
  if (!owner || (owner.served && owner.test.signal.aborted)) return undefined;
  const { name, signal, hookType } = owner.test;
  return { name, signal, hook: hookType };
}

/** The same with Node's own object. */
export function ambientOwner(): Owner | undefined {
  return (executionAsyncResource() as Owned | undefined)?.[OWNER];
}
