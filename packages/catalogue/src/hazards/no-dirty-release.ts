import { defineHazard } from '../hazard.ts';

export const noDirtyRelease = defineHazard({
  id: 'no-dirty-release',
  title: 'End the transaction before the client goes back',
  category: 'pool lifecycle',
  symptoms: [
    'current transaction is aborted, commands ignored until end of transaction block',
    'terminating connection due to idle-in-transaction timeout',
  ],
  signs: [
    'rows that were committed are gone after a deploy: their COMMIT was never sent',
    'the next borrower of a client is inside somebody else’s transaction',
  ],
  cause:
    'A client was released between BEGIN and its COMMIT or ROLLBACK: an early `return`, an error that skipped both. The pool resets nothing. ' +
    'Whoever borrows the client next is inside the open transaction, writes into it, and loses everything when it is rolled back; until then its locks stay.',
  remedy:
    'COMMIT or ROLLBACK on every path before `release()`; where that failed, `client.release(true)` throws the connection away.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'BEGIN on a client that the same function releases and never commits or rolls back',
      'a `return` between BEGIN and its end, where `finally` releases the client and ends nothing',
      'COMMIT in a `try` whose `finally` releases the client, with no ROLLBACK in a `catch` or `finally`: an error skips it',
    ],
    cannotSee: [
      'clients that one function takes and another releases',
      'settings of the session, advisory locks and channels that a client keeps',
    ],
    messages: {
      open: 'Nothing ends this transaction before `{{client}}` is released (line {{releaseLine}}): the next borrower is inside it. COMMIT or ROLLBACK first.',
      returns:
        'This returns inside the transaction that began on line {{begunLine}}, and `{{client}}` is released in it (line {{releaseLine}}). COMMIT or ROLLBACK first.',
      throws:
        'When a statement behind this BEGIN throws, `{{client}}` is released inside the transaction (line {{releaseLine}}). ROLLBACK in `catch`.',
    },
    suggestions: { rollBack: 'Roll back in `catch`.' },
  },
  runtime: {
    sees: [
      'inside a sandbox, a client that is released while its transaction is open, with the lines of checkout, BEGIN and release; the test fails at its end, and the next borrower is inside the transaction as in production',
      'inside a sandbox, settings of the session, channels, advisory locks and temporary tables that a client still has when the test ends: a note, for nothing was lost yet',
    ],
    cannotSee: ['clients outside of a sandbox', 'what functions leave to the session of a client'],
    message:
      'A client went back to the pool inside the transaction that began at {{begun}}. The next borrower is inside it, too.',
  },
  evidence: [
    'brianc/node-postgres#2897',
    'stelescuraul/rls#176',
    'yetone/cumora#12',
    'hasura/graphql-engine#10852',
    'drizzle-team/drizzle-orm#6341',
    'crystaldba/postgres-mcp#203',
  ],
  whenNotToUse:
    'Where a wrapper of the pool resets its clients. Nothing else good comes of such a client.',
  examples: [
    {
      title: 'an early return skips COMMIT',
      file: 'stock.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

async function reserve(pool, amount) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query('select 0 as stock');
    if (rows[0].stock < amount) return false;
    await client.query('commit');
    return true;
  } finally {
    client.release();
  }
}

test('reserves nothing that is not there', async (t) => {
  const pool = await db.rollback(t);
  assert.equal(await reserve(pool, 1), false);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

async function reserve(pool, amount) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query('select 0 as stock');
    const enough = rows[0].stock >= amount;
    await client.query(enough ? 'commit' : 'rollback');
    return enough;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

test('reserves nothing that is not there', async (t) => {
  const pool = await db.rollback(t);
  assert.equal(await reserve(pool, 1), false);
});
`,
    },
  ],
});
