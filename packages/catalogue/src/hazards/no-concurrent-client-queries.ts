import { defineHazard } from '../hazard.ts';

export const noConcurrentClientQueries = defineHazard({
  id: 'no-concurrent-client-queries',
  title: 'Await each statement of a client before the next',
  category: 'transaction isolation',
  symptoms: [
    'Calling client.query() when the client is already executing a query is deprecated and will be removed in pg@9.0. Use async/await or an external async flow control mechanism instead.',
    'savepoint "…" does not exist',
  ],
  signs: [
    '`Promise.all` inside a transaction: one statement fails, and all others fail with it',
    'statements of two code paths share one client and take each other’s savepoints',
  ],
  cause:
    'A connection runs one statement at a time. `Promise.all` over one client does not make anything faster: the driver queues the statements, and in a transaction the first that fails takes the rest with it. ' +
    'Version 9 of `pg` has no queue any more.',
  remedy:
    'Await in order what runs on one client: `for (const row of rows) await client.query(…)`, or one statement for all rows. Outside of a transaction, `pool.query` runs side by side.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      '`Promise.all` and its like over statements of one client or connection of `pg`, or of the transaction of Drizzle over `pg` or of Knex, listed or mapped',
    ],
    cannotSee: [
      'functions that are given the client and ask it side by side',
      'clients of other drivers, which pipeline or queue on purpose',
    ],
    messages: {
      concurrent:
        '`{{client}}` is one connection and runs one statement at a time; `pg` 9 refuses a second one. Await them one after another.',
    },
    suggestions: {
      awaitInOrder: 'Await one after another.',
    },
  },
  runtime: {
    sees: [
      'in a sandbox, a statement asked of a checked-out client whose earlier statement is not answered yet, with both lines, once in a test; the statements are run in order, as by `pg` 8',
    ],
    cannotSee: [
      'clients outside of a sandbox',
      'a cursor or a stream beside a statement of its client, and pools with `pipeline: true`: both are meant to be used so',
    ],
    message:
      '{{test}} asked a client for a statement while an earlier one of the same client was not answered.',
  },
  evidence: [
    'brianc/node-postgres#3603',
    'brianc/node-postgres#3633',
    'typeorm/typeorm#12105',
    'vitaly-t/pg-promise#981',
    'PrairieLearn/PrairieLearn#15142',
    'Effect-TS/effect#6971',
  ],
  whenNotToUse:
    'With `pg` 8 as long as nothing fails: its clients queue. The runtime’s warning fails nothing.',
  examples: [
    {
      title: 'statements of one client side by side',
      file: 'prices.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('adds up prices', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    const results = await Promise.all([1, 2, 3].map((n) => client.query('select $1::int as n', [n])));
    assert.equal(results.length, 3);
  } finally {
    client.release();
  }
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('adds up prices', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    const results = [];
    for (const n of [1, 2, 3]) results.push(await client.query('select $1::int as n', [n]));
    assert.equal(results.length, 3);
  } finally {
    client.release();
  }
});
`,
    },
  ],
});
