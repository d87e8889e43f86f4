import { defineHazard } from '../hazard.ts';

export const noNestedCheckout = defineHazard({
  id: 'no-nested-checkout',
  title: 'Use the transaction’s own client for everything inside the transaction',
  category: 'transaction isolation',
  symptoms: [
    'timeout exceeded when trying to connect',
    'Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
    'ERR_SAVEPOINT_TRANSACTION_WAIT',
  ],
  signs: [
    'a test hangs inside a transaction, but only when the pool has `max: 1`',
    'a row stays although the transaction that seemed to write it was rolled back',
  ],
  cause:
    'Code inside a transaction asks the pool, and not the client its transaction is on: a repository that was not handed the transaction, a callback that uses the outer `db`. ' +
    'In production the statement runs on another connection, outside the transaction: it does not see its rows, is not rolled back with it, and waits for its locks. ' +
    'With one connection it waits for itself.',
  remedy:
    'Hand the client (or `tx`) down and use it for every statement of the transaction; what must not be a part of it belongs before BEGIN or after COMMIT.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'between BEGIN and its end on a client, `query` of the pool that the client came from, in the same function',
      'in the function given to `db.transaction()`, `prisma.$transaction()`, `sql.begin()` and their like, an awaited statement of the outer `db`',
    ],
    cannotSee: [
      'functions that are called inside the transaction and find the pool by themselves',
      'whether a test asks the pool on purpose, to see that others do not see what is uncommitted',
    ],
    messages: {
      past: 'This asks `{{outer}}` inside the transaction that began on line {{line}}: it runs on another connection, outside of it. Use `{{handle}}`.',
    },
    suggestions: {
      useTransaction: 'Ask `{{handle}}` instead.',
    },
  },
  runtime: {
    sees: [
      'inside a sandbox, a statement of another client, or of the pool, that is asked by code inside its own open transaction while that transaction asks nothing, whichever library began it: refused at once, with both lines. Inside is the code that goes on with the answer to BEGIN, and what it calls; what runs beside it is not',
      'a checkout from a pool of one client by the code that has this client',
    ],
    cannotSee: [
      'code that has lost the asynchronous context of its transaction, as behind a queue that others started: it waits until the process has had nothing to do for five seconds, for a minute at most, and is then told where the transaction began',
      'at once, what the code asks while a timer of up to a second, or a request, that it began may still bring it on: it is told when that is over',
      'the line of a statement that a library asks later than it is called: V8 keeps no stack over the thenables of Drizzle and Knex, nor over the queue in which MikroORM begins a transaction',
      'tests that do not use a sandbox of savepoint',
    ],
    message:
      '{{test}} asked the pool inside its own open transaction, which began at {{begun}}. Nothing was sent.',
  },
  evidence: [
    'https://github.com/romeerez/pg-transactional-tests',
    'https://github.com/chax-at/transactional-prisma-testing',
    'drizzle-team/drizzle-orm#1723',
  ],
  whenNotToUse:
    'In tests that look at an open transaction from outside, on a database with several connections. In a sandbox the runtime refuses it all the same: a second statement beside the open transaction would wait for ever on its one connection.',
  examples: [
    {
      title: 'the pool is asked between begin and commit',
      file: 'invoices.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('writes an invoice', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await pool.query('select 1 as number');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
`,
      good: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('writes an invoice', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 as number');
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
`,
    },
    {
      title: 'a helper that was not handed the transaction',
      file: 'orders.test.mjs',
      reportedBy: ['runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('places an order', async (t) => {
  const pool = await db.rollback(t);
  const nextNumber = () => pool.query('select 1 as number');
  const client = await pool.connect();
  try {
    await client.query('begin');
    await nextNumber();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
`,
      good: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('places an order', async (t) => {
  const pool = await db.rollback(t);
  const nextNumber = (client) => client.query('select 1 as number');
  const client = await pool.connect();
  try {
    await client.query('begin');
    await nextNumber(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
});
`,
    },
  ],
});
