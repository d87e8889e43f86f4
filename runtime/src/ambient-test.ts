/**
 * Which test is running this code. One `async_hooks` hook notes for every asynchronous operation the
 * test it was begun in. Knows nothing of scopes and resources.
 */
import { createHook, executionAsyncResource } from 'node:async_hooks';

/** The fields of Node's internal `Test` that savepoint reads; the same in Node 20 to 26. */
export interface TestResource {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly parent: TestResource | null;
  /** `before`, `beforeEach`, … when the resource is a hook. */
  readonly hookType?: string;
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
   * True when it came in through something the test opened that serves everybody: a request to its
   * server, an answer on its connection. Once the test has ended, that says nothing any more.
   */
  readonly served: boolean;
}

const OWNER = Symbol('savepoint.owner');
type Owned = { [OWNER]?: Owner | undefined };

/** What accepts connections is asked by whoever likes, not by the test that listens. */
const SERVERS = new Set(['TCPSERVERWRAP', 'PIPESERVERWRAP']);

const listeners: ((test: TestResource) => void)[] = [];
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
    },
  }).enable();
}

function made(test: TestResource): void {
  (test as Owned)[OWNER] = { test, served: false };
  for (const listener of listeners) listener(test);
}

/** Calls `listener` with each test, suite and hook as Node begins to make it: its fields are not set yet. */
export function onTestMade(listener: (test: TestResource) => void): void {
  listeners.push(listener);
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
