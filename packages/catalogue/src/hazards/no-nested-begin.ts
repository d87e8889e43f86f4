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
  presets: [],
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
    'There is no rule to turn off: without this refusal the sandbox would leave rows behind.',
  examples: [
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
