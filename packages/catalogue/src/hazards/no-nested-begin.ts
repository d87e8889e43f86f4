import { defineHazard } from '../hazard.ts';

export const noNestedBegin = defineHazard({
  id: 'no-nested-begin',
  title: 'Let nothing but the sandbox end the transaction of the test',
  category: 'transaction isolation',
  symptoms: [
    'there is already a transaction in progress',
    'there is no transaction in progress',
    'cannot start a transaction within a transaction',
    'cannot commit - no transaction is active',
    'cannot rollback - no transaction is active',
  ],
  signs: [
    'rows of a test are still there after its rollback',
    'a test wraps everything in BEGIN and ROLLBACK, and the app’s own COMMIT ends it',
  ],
  cause:
    'PostgreSQL has no nested transactions: a second BEGIN is only a warning, and the first COMMIT ends everything, the transaction of the test included. SQLite refuses the second BEGIN. ' +
    'A sandbox turns the app’s BEGIN and COMMIT into savepoints. What ends a transaction by other means ends that of the test, and its rows stay or are gone too early: `INSERT OR ROLLBACK` or `RAISE(ROLLBACK)` in SQLite, a COMMIT that reaches the server past the sandbox.',
  remedy:
    'Send BEGIN, COMMIT and ROLLBACK as statements, through the pool or handle that `db.rollback(t)` gives; they become savepoints. ' +
    'What has to commit for real belongs on a database of its own: `db.clone(t)`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'BEGIN on a client on which the same function, or a `beforeEach`, has begun a transaction and not ended it',
    ],
    cannotSee: [
      'what an app or a helper begins on a client that it is given',
      'conflict clauses and triggers that roll everything back',
    ],
    messages: {
      nested:
        '`{{client}}` is in the transaction that began on line {{line}}: PostgreSQL only warns, SQLite refuses, and the first COMMIT ends both. Use a SAVEPOINT.',
    },
    suggestions: {},
    unrepaired:
      'which of the two transactions was meant, and what its end should keep, source does not say.',
  },
  runtime: {
    sees: [
      'inside a sandbox, the statement after which the real transaction is gone, whatever its text, by the status the server answers with',
      'inside a SQLite sandbox, a conflict clause or trigger (`ON CONFLICT ROLLBACK`, `RAISE(ROLLBACK)`) that rolled back everything',
    ],
    cannotSee: ['transactions of tests that do not use a sandbox of savepoint'],
    message: 'A statement ended the transaction of {{test}}: {{statement}}',
  },
  evidence: [
    'vitaly-t/pg-promise#192',
    'kysely-org/kysely#255',
    'prisma/orm#12898',
    'https://github.com/DATA-DOG/go-txdb',
    'https://www.postgresql.org/docs/current/sql-begin.html',
  ],
  whenNotToUse:
    'In a test that is about this very warning. The refusal of the sandbox cannot be turned off: it would leave rows behind.',
  examples: [
    {
      title: 'the test begins a transaction in the one of its hook',
      file: 'labels.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
before(() => client.connect());
after(() => client.end());
beforeEach(() => client.query('begin'));
afterEach(() => client.query('rollback'));

test('counts', async () => {
  await client.query('begin');
  const { rows } = await client.query('select 1 as n');
  await client.query('commit');
  assert.equal(rows[0].n, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';

const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
before(() => client.connect());
after(() => client.end());
beforeEach(() => client.query('begin'));
afterEach(() => client.query('rollback'));

test('counts', async () => {
  await client.query('savepoint counting');
  const { rows } = await client.query('select 1 as n');
  await client.query('release savepoint counting');
  assert.equal(rows[0].n, 1);
});
`,
    },
    {
      title: 'a conflict clause that rolls back everything',
      file: 'tags.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { rollbackEach } from 'savepoint/sqlite';

const db = new Database(':memory:');
db.exec('create table tags (name text primary key)');
rollbackEach(db);
after(() => db.close());

test('takes a tag only once', () => {
  const insert = db.prepare('insert or rollback into tags values (?)');
  insert.run('node');
  assert.throws(() => insert.run('node'), /UNIQUE/);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';
import { rollbackEach } from 'savepoint/sqlite';

const db = new Database(':memory:');
db.exec('create table tags (name text primary key)');
rollbackEach(db);
after(() => db.close());

test('takes a tag only once', () => {
  const insert = db.prepare('insert into tags values (?)');
  insert.run('node');
  assert.throws(() => insert.run('node'), /UNIQUE/);
});
`,
    },
  ],
});
