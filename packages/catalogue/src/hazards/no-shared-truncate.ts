import { defineHazard } from '../hazard.ts';

export const noSharedTruncate = defineHazard({
  id: 'no-shared-truncate',
  title: 'Undo what a test wrote instead of emptying tables that others use',
  category: 'transaction isolation',
  symptoms: ['deadlock detected', 'canceling statement due to lock timeout'],
  signs: [
    'rows that a test has just written are gone; another test each time, and only when several files run',
    'a file alone passes, two files together block each other for a second and one fails',
    'a developer’s own data, or the keys of a local Redis, are gone after a run',
  ],
  cause:
    'node:test runs test files as processes at the same time. One file empties a table between its tests while another one is in the middle of a test that wrote to it. ' +
    'TRUNCATE also needs each table for itself: it waits for every open transaction, makes everybody else wait, and two that name their tables in different order lock each other out. `FLUSHALL` empties every database of a Redis server.',
  remedy:
    'Let nothing stay that has to be removed: `db.rollback(t)` of `savepoint/pg` undoes what a test wrote, at the same time for any number of files. ' +
    'Where commits are needed, give the test a database of its own with `db.clone(t)`; in Redis, a prefix or database number for each process.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'TRUNCATE, or a DELETE without a condition, sent by test code through a known pool, client or connection of a server',
      '`knex(table).del()` and `.truncate()`, `prisma.model.deleteMany()` without a condition, `flushall()` and `flushdb()` of Redis',
      'the same in a function of another file that a hook or test calls, directly or by way of one more, found by names like `resetDatabase` and `truncateAll`',
    ],
    cannotSee: [
      'a clean-up behind a function of another package, and SQL whose text is not in the file',
      'whether another file uses these tables: one file alone is safe until the second one comes',
      'an address that is this process’s own but does not look so; one that is worked out at run time is taken to be',
    ],
    messages: {
      emptied:
        'This removes rows that other test files may be using at the same time: `{{statement}}`. Undo what the test wrote instead: `db.rollback(t)` of savepoint/pg.',
    },
    suggestions: {},
    unrepaired:
      'what takes the place of emptying is a fixture of the project’s own, and what its tests expect of the tables.',
  },
  evidence: [
    'adonisjs/lucid#1027',
    'appstrate/appstrate#883',
    'appstrate/appstrate#887',
    'agentconnect-md/agentconnect#868',
    'lobu-ai/lobu#1609',
    'nicia-ai/typegraph#382',
    'sequelize/sequelize#5486',
    'interledger/rafiki#131',
  ],
  whenNotToUse:
    'When only one file uses the database, when files run one after another (`--test-concurrency=1`), or when each process has a database of its own that the file does not show.',
  examples: [
    {
      title: 'the table is emptied before each test',
      file: 'visits.test.mjs',
      reportedBy: ['linter'],
      alongside: ['no-concurrent-migrations'],
      bad: `import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
before(() => pool.query('create table if not exists visits (page text not null)'));
after(() => pool.end());
beforeEach(() => pool.query('truncate visits'));

test('counts a visit', async () => {
  await pool.query("insert into visits values ('/')");
  const { rows } = await pool.query('select page from visits');
  assert.equal(rows.length, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table visits (page text not null)'),
});

test('counts a visit', async (t) => {
  const pool = await db.rollback(t);
  await pool.query("insert into visits values ('/')");
  const { rows } = await pool.query('select page from visits');
  assert.equal(rows.length, 1);
});
`,
    },
  ],
});
