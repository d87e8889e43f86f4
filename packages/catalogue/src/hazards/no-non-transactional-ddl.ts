import { defineHazard } from '../hazard.ts';

export const noNonTransactionalDdl = defineHazard({
  id: 'no-non-transactional-ddl',
  title: 'Keep statements that refuse a transaction out of the sandbox',
  category: 'transaction isolation',
  symptoms: [
    'CREATE INDEX CONCURRENTLY cannot run inside a transaction block',
    'DROP INDEX CONCURRENTLY cannot run inside a transaction block',
    'REINDEX CONCURRENTLY cannot run inside a transaction block',
    'CREATE DATABASE cannot run inside a transaction block',
    'DROP DATABASE cannot run inside a transaction block',
    'VACUUM cannot run inside a transaction block',
    'ALTER SYSTEM cannot run inside a transaction block',
    'cannot run inside a transaction block',
    'unsafe use of new value "…" of enum type …',
    'invalid transaction termination',
    'cannot VACUUM from within a transaction',
    'cannot change into wal mode from within a transaction',
    'Safety level may not be changed inside a transaction',
  ],
  signs: [
    'a migration works on its own and fails inside a test',
    '`PREPARE TRANSACTION` takes everything the test did out of its reach',
  ],
  cause:
    'Some statements only run outside a transaction, and a rollback sandbox is one: `CREATE INDEX CONCURRENTLY`, `CREATE DATABASE`, `VACUUM`, `ALTER SYSTEM` and others. ' +
    '`PREPARE TRANSACTION` would run, and would carry the whole sandbox away.',
  remedy:
    'Do it before the tests, in `postgres({ migrate })` of `savepoint/pg`, which runs outside the sandbox; ' +
    'or give the test that is about such a statement a database of its own: `db.clone(t)`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'such a statement sent through the pool or a client of `db.rollback(t)`, or through the handle of a SQLite sandbox',
      'such a statement between BEGIN and its end on a client of `pg`',
    ],
    cannotSee: [
      'statements behind functions of other files: migrations',
      'COMMIT inside procedures, and values that were added to an enum in the same transaction',
    ],
    messages: {
      sandbox:
        'The sandbox of this test is a transaction, in which the server refuses this: `{{statement}}`. Do it in `migrate`, or take `db.clone(t)`.',
      transaction:
        'The server refuses this inside a transaction: `{{statement}}`. Send it before BEGIN or after COMMIT.',
    },
    suggestions: { cloneInstead: 'Take a database of its own for the test: `clone(t)`.' },
  },
  runtime: {
    sees: [
      'such a statement sent through a sandbox; it is refused before it reaches the server',
      'COMMIT or ROLLBACK inside a procedure or DO, and the use of an enum’s value that was added earlier in the test; the server refuses them, and its error is the `cause`',
    ],
    cannotSee: ['sandboxes of others, and transactions that tests begin by themselves'],
    message: '{{statement}} cannot run in the rollback sandbox of {{test}}.',
  },
  evidence: [
    'typeorm/typeorm#1169',
    'drizzle-team/drizzle-kit-mirror#281',
    'coder/coder#25895',
    'db-migrate/pg#63',
    'porsager/postgres-shift#10',
    'https://www.postgresql.org/docs/current/sql-createindex.html',
  ],
  whenNotToUse: 'Never: the server refuses these statements in a transaction anyway.',
  examples: [
    {
      title: 'an index built concurrently inside a test',
      file: 'index.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table tags (name text not null)'),
});

test('builds an index', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('create index concurrently tags_by_name on tags (name)');
});
`,
      good: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table tags (name text not null)'),
});

test('builds an index', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('create index tags_by_name on tags (name)');
});
`,
    },
  ],
});
