/**
 * What an app does while it is loaded, before there is a test: it connects, looks around, perhaps
 * writes. That happens in a sandbox, too. What it wrote, the tests of the file find as if a `before`
 * hook had; what it only read takes no sandbox from them. Knows neither pools nor clients.
 */
import { AsyncResource } from 'node:async_hooks';
import type { TestContext } from 'node:test';
import { onTestEntered, testOfSignal, type TestResource } from '../ambient-test.ts';
import { around, isTest } from '../running-tests.ts';
import type { Work } from '../whose-work.ts';
import { SandboxScope, scopeFor } from './sandbox-scope.ts';

/** Whether a test has begun. */
let over = false;
/** Whether all that an entry file requires has been loaded. */
let loaded = false;
let scope: SandboxScope | undefined;
let settling: Promise<void> | undefined;
/** Whether the scope is that of the file by now. */
let kept = false;

onTestEntered((_, context) => {
  const test = testOfSignal(context.signal);
  if (test && isTest(test)) over = true;
});

/** The scope of what is asked now, before the first test; undefined when that is over, or no test will come. */
export function startUpScope(): SandboxScope | undefined {
  if (over || !runsTests()) return undefined;
  return (scope ??= openScope());
}

function openScope(): SandboxScope {
  const opened = new SandboxScope({
    owner: 'the start-up of the app',
    timedOut: () => false,
    around: () => [],
  });
  // Node waits for `after` hooks of the file, and for nothing else that a connection keeps open.
  outsideOfTests.runInAsyncScope(() => {
    const { after } = process.getBuiltinModule('node:test');
    after((file) => {
      // Last, behind the app's own.
      (file as TestContext).after(() => opened.close());
    });
  });
  return opened;
}

/** Made before there is a test. */
const outsideOfTests = new AsyncResource('SAVEPOINT_START_UP');

/** What has to come before this work is given a scope; undefined for nothing. */
export function startUpBefore(work: Work): Promise<void> | undefined {
  if (work.is === 'of nobody') return over || loaded || runsTests() ? undefined : load();
  if (!scope || kept) return undefined;
  return (settling ??= settle(scope, work));
}

async function settle(startUp: SandboxScope, work: Work): Promise<void> {
  const test = 'suite' in work ? work.suite : 'test' in work ? work.test : undefined;
  kept = test !== undefined && (await startUp.isNeeded());
  if (test && kept) {
    scopeFor(rootOf(test), startUp);
  } else {
    scope = undefined;
    await startUp.close();
  }
  settling = undefined;
}

function rootOf(test: TestResource): TestResource {
  return around(test).at(-1) ?? test;
}

/** An app may be required before `node:test` is. */
async function load(): Promise<void> {
  await new Promise(setImmediate);
  loaded = true;
}

/** Whether this process has tests: a server or script that a test starts has none, and is told so. */
function runsTests(): boolean {
  return moduleLoadList.includes('NativeModule test');
}

const { moduleLoadList } = process as unknown as { readonly moduleLoadList: readonly string[] };
