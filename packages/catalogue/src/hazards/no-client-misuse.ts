import { defineHazard } from '../hazard.ts';

export const noClientMisuse = defineHazard({
  id: 'no-client-misuse',
  title: 'Release a pooled client once, and leave connecting and ending to the pool',
  category: 'pool lifecycle',
  symptoms: [
    'Release called on client which has already been released to the pool.',
    'Client has already been connected. You cannot reuse a client.',
    'Client was closed and is not queryable',
  ],
  signs: [
    '`release()` stands in `catch` and in `finally`',
    '`client.end()` is called on a client of a pool, and `pool.end()` never resolves',
    'a `Client` made once for the file is connected before each test: the first test passes, all others fail',
  ],
  cause:
    'A client of a pool belongs to the pool: it is connected before it is handed out, given back once with `release()`, and ended by the pool. ' +
    'A second release throws (with some drivers it lends one connection to two); `end()` closes the connection under the pool, which keeps its place and waits for it when the pool is ended. ' +
    'What is sent after the release runs on a connection that somebody else may have borrowed. And a `Client` of its own can be connected once, whether or not it was ended.',
  remedy:
    'Take a client with `pool.connect()` and call `client.release()` once, in `finally`. To get rid of the connection, `client.release(true)`. Make a `Client` in the hook that connects it.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'two releases of one client on one path: in `catch` or in the body and again in `finally`, or one behind the other',
      'a query that is sent through a client behind its release',
      '`end()` on a client of a `pg` pool that nothing releases',
      'a `pg` `Client` of the file or of a suite that `beforeEach` connects for several tests, or that several tests connect; two `connect()` in one function',
    ],
    cannotSee: [
      'a release in one function and another in the next',
      'a release in `try` and another in `catch`: whether anything fails between them only a run shows',
      'a client in a variable that is given a value more than once',
    ],
    messages: {
      twice:
        '`{{client}}` is released on line {{line}} already: a second release throws, or lends one connection to two. Release it once, in `finally`.',
      used: '`{{client}}` was released on line {{line}}: somebody else may have this connection. Send the query before the release.',
      ended:
        '`{{client}}` belongs to `{{pool}}`: ended and never released, it keeps its place in the pool, and `{{pool}}.end()` waits for it for ever. Release it; `release(true)` closes the connection.',
      reconnected:
        '`{{client}}` was connected on line {{line}}, and a `Client` connects once: this call fails. Make a new one, or connect it in `before`.',
      connectedEach:
        '`{{client}}` is made once (line {{line}}) and connected before each test: from the second on that fails. Make it in this hook, or connect it in `before`.',
    },
    suggestions: {
      releaseOnce: 'Remove the release of `{{client}}` that is one too many.',
      releaseInstead: 'Release `{{client}}` and have its connection closed.',
    },
  },
  runtime: {
    sees: [
      'in a sandbox, a second release of a client, with the line of the first; `connect()` or `end()` called on a client of the pool. The app gets the driver’s own answer',
    ],
    cannotSee: ['clients outside of a sandbox'],
    message: '{{test}} {{misused}}',
  },
  evidence: [
    'brianc/node-pg-pool#81',
    'brianc/node-pg-pool#113',
    'brianc/node-postgres#2678',
    'brianc/node-postgres#1352',
    'brianc/node-postgres#2778',
    'romeerez/pg-transactional-tests#4',
  ],
  whenNotToUse: 'In tests of a driver or of a pool, which misuse clients on purpose.',
  examples: [
    {
      title: 'released in catch and in finally',
      file: 'reports.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

async function report(pool) {
  const client = await pool.connect();
  try {
    return await client.query('select 1 / 0');
  } catch (error) {
    client.release();
    throw error;
  } finally {
    client.release();
  }
}

test('divides by nothing', async (t) => {
  const pool = await db.rollback(t);
  await assert.rejects(report(pool));
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

async function report(pool) {
  const client = await pool.connect();
  try {
    return await client.query('select 1 / 0');
  } finally {
    client.release();
  }
}

test('divides by nothing', async (t) => {
  const pool = await db.rollback(t);
  await assert.rejects(report(pool));
});
`,
    },
    {
      title: 'a Client of the file, connected before each test',
      file: 'numbers.test.mjs',
      reportedBy: ['linter'],
      alongside: ['no-use-after-end'],
      bad: `import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
beforeEach(async () => {
  await client.connect();
});
afterEach(() => client.end());

test('counts one', async () => {
  const { rows } = await client.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await client.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
before(() => client.connect());
after(() => client.end());

test('counts one', async () => {
  const { rows } = await client.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await client.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
    },
  ],
});
