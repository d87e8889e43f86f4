import { defineHazard } from '../hazard.ts';

export const noSandboxedConcurrencyTest = defineHazard({
  id: 'no-sandboxed-concurrency-test',
  title: 'Test locks and isolation levels on several real connections',
  category: 'transaction isolation',
  symptoms: [
    'SET TRANSACTION ISOLATION LEVEL must be called before any query',
    'SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction',
    'SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction',
    'cannot export a snapshot from a subtransaction',
  ],
  signs: [
    'a lock is granted twice, `SKIP LOCKED` skips nothing, and a serialization failure never comes',
    'the test of a race is green whatever the code does',
  ],
  cause:
    'A rollback sandbox is one connection with one transaction. Locks belong to the connection and the isolation level to the transaction, ' +
    'so clients of the same sandbox never block each other, and no level stronger than that of the sandbox can begin inside it.',
  remedy:
    'Give this test a database of its own, where clients are connections: `db.clone(t)`, or `db.rollback(t, { isolation: "clone" })`. ' +
    'If the whole app runs at that level, make it the default of the test database: `alter database … set default_transaction_isolation`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'in what is sent through a sandbox: SERIALIZABLE or REPEATABLE READ, SET TRANSACTION SNAPSHOT, `pg_export_snapshot()`',
      'FOR UPDATE and its like, sent by two clients of one sandbox in the same function',
    ],
    cannotSee: [
      'locks and levels of the app’s own statements',
      'a test database whose default is the level that is asked for: there the sandbox has it too',
    ],
    messages: {
      isolation:
        'The sandbox of this test is one transaction with a level of its own: `{{statement}}` is refused, or proves nothing. Take `db.clone(t)`.',
      lock: 'Two clients of one sandbox share one connection, so this waits for nobody: `{{statement}}`. Take `db.clone(t)`.',
    },
    suggestions: { cloneInstead: 'Take a database of its own for the test: `clone(t)`.' },
  },
  runtime: {
    sees: [
      'a transaction that asks for a stronger isolation level than the sandbox has, or for DEFERRABLE; it is refused, never weakened in silence',
      'a transaction that asks for a weaker level; it gets that of the sandbox, and the test is told',
      '`pg_export_snapshot()` and SET TRANSACTION SNAPSHOT; they are refused',
      'a statement of a second client that was taken beforehand and waits for the open transaction of the very code that asks: refused at once, with both lines',
      'an advisory lock, prepared statement or cursor WITH HOLD that another client of the sandbox has: answered as the server would, or refused',
      'a notification that somebody listens for, and whose text only the server knows; it is refused',
    ],
    cannotSee: [
      'row locks between clients of one sandbox that ask one after another: the server grants them all',
      'what functions and triggers do to the session: advisory locks, settings and temporary tables are then seen by other clients, notifications are not delivered',
    ],
    message: '{{test}} asked its sandbox for {{wanted}}, which needs a transaction of its own.',
  },
  evidence: [
    'theory/pgtap#144',
    'rails/rails#38578',
    'ClosureTree/with_advisory_lock#42',
    'romeerez/pg-transactional-tests#2',
    'SUSE/rmt#1553',
  ],
  whenNotToUse:
    'Where the sandbox itself has the level, by a default of the test database. Else a test that passed in the sandbox here would have proved nothing.',
  examples: [
    {
      title: 'a serializable transaction inside the sandbox',
      file: 'transfer.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('transfers in a serializable transaction', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin isolation level serializable');
    await client.query('select 1');
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

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('transfers in a serializable transaction', async () => {
  const client = await pool.connect();
  try {
    await client.query('begin isolation level serializable');
    const { rows } = await client.query('show transaction_isolation');
    assert.equal(rows[0].transaction_isolation, 'serializable');
  } finally {
    await client.query('rollback');
    client.release();
  }
});
`,
    },
  ],
});
