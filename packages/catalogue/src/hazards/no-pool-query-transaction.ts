import { defineHazard } from '../hazard.ts';

export const noPoolQueryTransaction = defineHazard({
  id: 'no-pool-query-transaction',
  title: 'Begin a transaction on a client, never through the pool',
  category: 'transaction isolation',
  symptoms: [
    'there is no transaction in progress',
    'SAVEPOINT can only be used in transaction blocks',
    'terminating connection due to idle-in-transaction timeout',
  ],
  signs: [
    'ROLLBACK is sent and the rows are still there',
    'a connection is `idle in transaction` for ever; with `max: 1` everything seems right',
  ],
  cause:
    'Each `pool.query()` may use another connection: BEGIN opens a transaction on one, the next statements run on others and commit at once, and COMMIT or ROLLBACK reaches a connection that is in no transaction. ' +
    'The first connection goes back to the pool with its transaction open.',
  remedy:
    'Take one client for the whole transaction: `const client = await pool.connect()`, then BEGIN, the statements and COMMIT through `client.query`, and `client.release()` in `finally`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'BEGIN, COMMIT, ROLLBACK or SAVEPOINT sent through a known pool that may have several connections, or through the pool of a sandbox of savepoint',
    ],
    cannotSee: [
      'pools that another package or a computed option limits to one connection, or does not: they are left alone',
      'texts that are put together at run time, and transactions that a function or a library begins',
    ],
    messages: {
      pooled:
        'Each statement through `{{pool}}` may run on another connection, so `{{statement}}` reaches one of them and the next statement another. Take one client for the whole transaction.',
    },
    suggestions: { throughOneClient: 'Take one client of `{{pool}}` for the whole transaction.' },
  },
  runtime: {
    sees: [
      'in a sandbox, a text handed to `pool.query` that begins a transaction and leaves it open: refused at once. A text with its own COMMIT is no such thing',
    ],
    cannotSee: ['pools outside of a sandbox', 'a transaction that a function or a library begins'],
    message:
      '{{test}} began a transaction through pool.query(…), which may use another connection for each statement. Nothing was sent.',
  },
  evidence: [
    'brianc/node-postgres#2964',
    'levy-street/world-of-claudecraft#126',
    'UNDP-Data/geohub#3936',
    'covoiturage-gouv-fr/mono#1511',
    'https://node-postgres.com/features/transactions',
  ],
  whenNotToUse:
    'Where the pool has one connection (`max: 1`) for a reason that the file does not show.',
  examples: [
    {
      title: 'BEGIN and ROLLBACK through the pool',
      file: 'accounts.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('undoes a transfer', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('begin');
  await pool.query('select 1');
  await pool.query('rollback');
});
`,
      good: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('undoes a transfer', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1');
  } finally {
    await client.query('rollback');
    client.release();
  }
});
`,
    },
  ],
});
