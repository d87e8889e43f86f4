import { defineHazard } from '../hazard.ts';

export const noLostAsyncContext = defineHazard({
  id: 'no-lost-async-context',
  title: 'Keep asynchronous context with the test it belongs to',
  category: 'teardown',
  symptoms: ['Context is not available'],
  signs: [
    '`getStore()` of an AsyncLocalStorage is undefined in a test although a hook entered it',
    'a callback sees the store of another request or test',
    'an assertion in a callback fails, and node:test blames a test that is over',
  ],
  cause:
    'Every hook of node:test runs in an asynchronous context of its own, which ends with the hook: what it enters, no test has. ' +
    'A callback of `pg` runs in the context that opened the connection, or in that of whoever gave the client back, and with it everything it begins.',
  remedy:
    'Use promises instead of callbacks: `await pool.query(…)` goes on in the context it was asked in; or bind the callback, `AsyncResource.bind(callback)`. ' +
    'Instead of a hook, let a function of the test enter the store: `store.run(value, () => …)`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      '`enterWith()` as the last that a `before` or `beforeEach` hook does: what it enters, no test has',
    ],
    cannotSee: [
      'stores that a helper enters or reads',
      'callbacks of pools whose making it does not see',
    ],
    messages: {
      entered:
        'What `{{by}}` enters ends with the hook: no test has this store. Let a function of the test enter it: `store.run(value, () => …)`.',
      read: 'The callback of `{{by}}` runs in the context of whoever used the connection before, not of this call. Await the promise instead, or bind the callback: `AsyncResource.bind(…)`.',
    },
    // Where something instruments the driver and binds its callbacks, they have the store.
    strictly: {
      read: '`getStore()` in the callback of a query or checkout of a known pool, client or connection',
    },
    suggestions: {},
    unrepaired: 'which function of each test should enter the store, the hook does not show.',
  },
  runtime: {
    sees: [
      'a callback that a test gave to a query or checkout of `pg`, and that begins work or throws in the context of another test or hook; once for each line',
      'an AsyncLocalStorage that a `before` or `beforeEach` hook of the test file enters',
    ],
    cannotSee: [
      'what a callback only reads there, without beginning anything',
      'listeners for `notice` and `notification`, and callbacks of cursors and streams',
      'callbacks that a library gives to `pg`: they settle its promises as a rule',
      'stores that app code enters while a hook runs it',
    ],
    message: 'Asynchronous context of {{test}} was lost.',
  },
  evidence: [
    'vitest-dev/vitest#5858',
    'vitest-dev/vitest#10858',
    'oven-sh/bun#15668',
    'jestjs/jest#13653',
    'brianc/node-postgres#2533',
    'brianc/node-postgres#2404',
    'brianc/node-pg-pool#108',
    'vitaly-t/pg-promise#804',
  ],
  whenNotToUse: 'When nothing of the app or of its tests depends on asynchronous context.',
  examples: [
    {
      title: 'a callback that goes on in the context of an earlier test',
      file: 'requests.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

const user = new AsyncLocalStorage();

function whoAsks() {
  return new Promise((resolve) => {
    pool.query('select 1', () => setImmediate(() => resolve(user.getStore())));
  });
}

test('ada asks', async () => {
  assert.equal(await user.run('ada', whoAsks), 'ada');
});

test('grace asks', async () => {
  assert.equal(await user.run('grace', whoAsks), 'grace');
});
`,
      good: `import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

const user = new AsyncLocalStorage();

async function whoAsks() {
  await pool.query('select 1');
  return user.getStore();
}

test('ada asks', async () => {
  assert.equal(await user.run('ada', whoAsks), 'ada');
});

test('grace asks', async () => {
  assert.equal(await user.run('grace', whoAsks), 'grace');
});
`,
    },
    {
      title: 'a store that a hook enters',
      file: 'signed-in.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { beforeEach, test } from 'node:test';

const user = new AsyncLocalStorage();
beforeEach(() => user.enterWith('ada'));

test('is signed in', () => {
  assert.equal(user.getStore(), 'ada');
});
`,
      good: `import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

const user = new AsyncLocalStorage();
const signedIn = (body) => (t) => user.run('ada', () => body(t));

test(
  'is signed in',
  signedIn(() => {
    assert.equal(user.getStore(), 'ada');
  }),
);
`,
    },
  ],
});
