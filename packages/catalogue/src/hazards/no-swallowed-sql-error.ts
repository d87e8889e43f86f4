import { defineHazard } from '../hazard.ts';

export const noSwallowedSqlError = defineHazard({
  id: 'no-swallowed-sql-error',
  title: 'Roll back after an SQL error, or guard the statement with a savepoint',
  category: 'transaction isolation',
  symptoms: [
    'current transaction is aborted, commands ignored until end of transaction block',
    '25P02',
  ],
  signs: [
    'a statement fails that is right; the one that was wrong failed earlier, and its error was caught',
    'COMMIT succeeds and nothing was saved',
  ],
  cause:
    'After any error PostgreSQL refuses every further statement of the transaction, whatever it is, until ROLLBACK. Code that catches an expected error (a unique key) and goes on works in autocommit and fails in a transaction. ' +
    'COMMIT of such a transaction reports no error: it answers ROLLBACK, and everything is gone.',
  remedy:
    'Roll back and begin anew; or set a SAVEPOINT before the statement that may fail and ROLLBACK TO it; or let the statement not fail: `insert … on conflict do nothing`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'between BEGIN and its end on a client of `pg`, or after a BEGIN in `beforeEach`, a statement in `assert.rejects`, in `.catch()` or in a `try` whose `catch` neither throws nor calls anything, and another statement behind it, without a SAVEPOINT in the transaction',
      'the same in a transaction of postgres.js, of `@databases/pg` or of Drizzle over PostgreSQL',
    ],
    cannotSee: [
      'statements behind functions of other files, and what a `catch` does by calling something',
      'other databases, where a transaction survives an error',
    ],
    messages: {
      swallowed:
        'When this fails, the transaction that began on line {{begunLine}} is aborted, and line {{nextLine}} is refused: `{{next}}`. Set a SAVEPOINT before it, or roll back.',
    },
    suggestions: { guard: 'Set a SAVEPOINT before the failure, and go back to it.' },
  },
  runtime: {
    sees: [
      'in a sandbox, a statement or a COMMIT in a transaction in which an earlier statement had failed, with both lines; the app gets the server’s own answer, and in `cause` the error that was first',
    ],
    cannotSee: ['clients outside of a sandbox'],
    message: '{{test}} went on in a transaction in which a statement had failed: {{error}}',
  },
  evidence: [
    'romeerez/pg-transactional-tests#2',
    'graphile/crystal#513',
    'pgdogdev/pgdog#545',
    'multigres/multigres#804',
  ],
  whenNotToUse:
    'Where the statement never fails. The runtime’s warning stands beside the server’s own error, once in a test.',
  examples: [
    {
      title: 'an expected error, caught in a transaction',
      file: 'emails.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('adds an address only once', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('create table emails (address text primary key)');
    await client.query("insert into emails values ('ada')");
    await client.query("insert into emails values ('ada')").catch(() => undefined);
    const { rows } = await client.query('select * from emails');
    assert.equal(rows.length, 1);
  } finally {
    await client.query('rollback');
    client.release();
  }
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('adds an address only once', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('create table emails (address text primary key)');
    await client.query("insert into emails values ('ada')");
    await client.query("insert into emails values ('ada') on conflict do nothing");
    const { rows } = await client.query('select * from emails');
    assert.equal(rows.length, 1);
  } finally {
    await client.query('rollback');
    client.release();
  }
});
`,
    },
  ],
});
