import { defineHazard } from '../hazard.ts';

export const noUnboundedWait = defineHazard({
  id: 'no-unbounded-wait',
  title: 'Bound every wait of a test',
  category: 'teardown',
  symptoms: [
    'test did not finish before its parent and was cancelled',
    'test timed out after …ms',
    'canceling statement due to lock timeout',
    'Promise resolution is still pending but the event loop has already resolved',
  ],
  signs: [
    'the run prints nothing any more and never ends, on Node 24 and later without any error',
    'this test and all after it are cancelled at once, on Node 22 and earlier',
    'one test waits for a row, a lock or a unique key that another one holds until its end',
  ],
  cause:
    'A test waits for something that nobody will give: a client of an exhausted pool, a lock that another connection holds, a notification that is never sent. ' +
    'The time-outs of node:test, of pools and of the server are all infinite unless somebody sets them, and `--test-timeout` ends the wait without a word about what was waited for.',
  remedy:
    'Find who holds what is waited for, and let go of it on every path. So that the next wait ends by itself, set `connectionTimeoutMillis` on the pool, ' +
    '`lock_timeout` or `statement_timeout` on the connection, and a `timeout` on the test or suite.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a promise that nothing can settle, `new Promise(() => {})`, awaited or returned by a test or hook without a `timeout` of its own or around it',
    ],
    cannotSee: [
      'a wait for an event, a request or a row that never comes: it may come',
      'what a promise waits for that another function makes',
      '`--test-timeout`, and time-outs that a helper sets',
    ],
    messages: {
      endless:
        'Nothing settles this promise, and nothing ends the wait for it. Settle it, wait for what the test is about, or give the test a `timeout`.',
    },
    suggestions: {},
    unrepaired: 'what the test waits for, or how long, only its author knows.',
  },
  runtime: {
    sees: [
      'a test that runs into its time-out, or whose file ends, while it waits for a client of a `pg` pool: who holds the clients, and where they were taken',
      'the same while it waits for the answer to a statement: which connection of this process blocks it, in which test and on which line, or which other session of the server does',
      'such a wait that goes on for long although no time-out ends it',
      'a statement in a sandbox that waits for a lock which the sandbox of another test holds: both tests',
    ],
    cannotSee: [
      'waits for anything but a database: a timer, an event, a request',
      'who holds what, when the server takes no further connection to ask it over',
    ],
    message: '{{test}} waited for {{wanted}}, {{holder}}.',
  },
  evidence: [
    'nodejs/node#49952',
    'nodejs/node#51381',
    'nodejs/node#54011',
    'nodejs/node#58800',
    'nodejs/node#58227',
    'open-gsd/gsd-core#4105',
    'apache/maka#1222',
    'citrolabs/ego-lite#323',
    'pinojs/pino#2469',
  ],
  whenNotToUse: 'When every run has a `--test-timeout`, and its message is enough for you.',
  examples: [
    {
      title: 'a promise that nobody settles',
      file: 'signals.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';

const orders = new EventEmitter();

test('hears of an order', async () => {
  const heard = [];
  orders.on('order', (order) => heard.push(order));
  setImmediate(() => orders.emit('order', 'book'));
  await new Promise((resolve) => {
    orders.on('order', (order) => heard.push(order));
  });
  assert.deepEqual(heard, ['book', 'book']);
});
`,
      good: `import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';

const orders = new EventEmitter();

test('hears of an order', async (t) => {
  setImmediate(() => orders.emit('order', 'book'));
  assert.deepEqual(await once(orders, 'order', { signal: t.signal }), ['book']);
});
`,
    },
    {
      title: 'a test waits for a lock that it holds itself, on another connection',
      file: 'seats.test.mjs',
      reportedBy: ['runtime'],
      alongside: ['no-nested-checkout', 'require-client-release'],
      bad: `import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('books the last seat once', { timeout: 2_000 }, async () => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(7)');
    await pool.query('select pg_advisory_xact_lock(7)');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({
  connectionString: process.env.TEST_DATABASE_URL,
  options: '-c lock_timeout=100ms',
});
after(() => pool.end());

test('books the last seat once', { timeout: 20_000 }, async () => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock(7)');
    await assert.rejects(pool.query('select pg_advisory_xact_lock(7)'), { code: '55P03' });
  } finally {
    await client.query('rollback');
    client.release();
  }
});
`,
    },
  ],
});
