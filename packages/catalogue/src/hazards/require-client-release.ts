import { defineHazard } from '../hazard.ts';
import { RELEASE_REPAIRS } from '../repairs.ts';

export const requireClientRelease = defineHazard({
  id: 'require-client-release',
  title: 'Release every client on every path',
  category: 'pool lifecycle',
  symptoms: [
    'timeout exceeded when trying to connect',
    'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
    'KnexTimeoutError',
    'Promise resolution is still pending but the event loop has already resolved',
  ],
  signs: [
    'the test prints ok and the process never ends',
    '`await pool.end()` never resolves',
    'after some tests the next `pool.connect()` waits for ever, without an error',
  ],
  cause:
    'A client was taken from the pool and not given back: an assertion threw before `release()`, or nobody calls it. ' +
    'The pool waits for it: `pool.end()` never resolves, the next `connect()` waits for ever, and on Node 24 and later nothing ends the wait.',
  remedy:
    'Release the client in `finally`, or hand it to the test when it is taken: `t.after(() => client.release())`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a client taken with `pool.connect()` from a pool the file knows, in a test, a hook or a helper of the same file, whose `release()` is missing or is skipped when an earlier statement throws',
    ],
    cannotSee: [
      'clients of a pool that comes from a factory in another file',
      'a client that is returned, stored or passed on: whoever has it then may release it',
    ],
    messages: {
      absent:
        '`{{client}}` is taken from `{{pool}}` and never released. Release it in `finally` or in `t.after`.',
      inline:
        '`{{client}}` is released on line {{line}}, which an earlier throw skips. Release it in `finally` or in `t.after`.',
    },
    suggestions: RELEASE_REPAIRS,
  },
  runtime: {
    sees: [
      'a client that is still out when the test that took it has ended, with the line that took it',
    ],
    cannotSee: ['clients that were taken before the runtime was loaded'],
    message: 'A client was still checked out when {{test}} ended.',
  },
  fault: ({ kind, release }) =>
    kind === 'client' && (release.is === 'absent' || release.is === 'inline'),
  evidence: [
    'brianc/node-postgres#137',
    'brianc/node-postgres#1777',
    'brianc/node-postgres#2034',
    'brianc/node-pg-pool#110',
    'drizzle-team/drizzle-orm#6241',
  ],
  whenNotToUse: 'When every client of the suite comes from a helper that releases it by itself.',
  examples: [
    {
      title: 'an assertion throws before the release',
      file: 'balance.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('counts one', async () => {
  const client = await pool.connect();
  const { rows } = await client.query('select 1 as n');
  assert.equal(rows[0].n, 2);
  client.release();
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('counts one', async () => {
  const client = await pool.connect();
  try {
    const { rows } = await client.query('select 1 as n');
    assert.equal(rows[0].n, 1);
  } finally {
    client.release();
  }
});
`,
    },
    {
      title: 'nobody releases the client',
      file: 'session.test.cjs',
      reportedBy: ['linter', 'runtime'],
      bad: `const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('stays on one connection', async () => {
  const client = await pool.connect();
  const first = await client.query('select pg_backend_pid() as pid');
  const second = await client.query('select pg_backend_pid() as pid');
  assert.deepEqual(first.rows, second.rows);
});
`,
      good: `const assert = require('node:assert/strict');
const { after, test } = require('node:test');
const { Pool } = require('pg');

const pool = new Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('stays on one connection', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  const first = await client.query('select pg_backend_pid() as pid');
  const second = await client.query('select pg_backend_pid() as pid');
  assert.deepEqual(first.rows, second.rows);
});
`,
    },
  ],
});
