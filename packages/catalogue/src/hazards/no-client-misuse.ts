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
    '`client.end()` is called on a client of a pool, which then opens a new connection for every test',
  ],
  cause:
    'A client of a pool belongs to the pool: it is connected before it is handed out, given back once with `release()`, and ended by the pool. ' +
    'A second release throws, or gives away a client that somebody else has borrowed meanwhile; `end()` closes the connection under the pool.',
  remedy:
    'Take a client with `pool.connect()` and call `client.release()` once, in `finally`. To get rid of the connection, `client.release(true)`.',
  severity: 'error',
  presets: [],
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
  whenNotToUse:
    'There is no rule to turn off: it is a warning beside the driver’s own error, said once in a test.',
  examples: [
    {
      title: 'released in catch and in finally',
      file: 'reports.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

async function report(pool) {
  const client = await pool.connect();
  try {
    return await client.query('select 1 / 0');
  } catch (error) {
    client.release(error);
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
  ],
});
