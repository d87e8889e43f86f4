import { defineHazard } from '../hazard.ts';

export const noHardcodedId = defineHazard({
  id: 'no-hardcoded-id',
  title: 'Take ids from the rows, not from memory',
  category: 'transaction isolation',
  symptoms: [],
  signs: [
    'a test passes alone, or on a fresh database, and fails in the suite or in another order',
    'an assertion expects `1` and gets `3`, or a request to `/things/1` is answered with 404',
  ],
  cause:
    'PostgreSQL never takes back what a sequence has given: after a rollback the next row has the next id. A number in the text of a test is the id of its row only the first time. ' +
    'In SQLite, AUTOINCREMENT is rolled back, and the same test passes there.',
  remedy:
    'Use the id that the insert answers: `returning id`, or the body of the response. Find a row by something that the test chose, such as a name.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'in a sandbox, an assertion that compares the id which an INSERT … RETURNING answered, and did not name among its columns, with a number',
    ],
    cannotSee: [
      'ids that come from the app, or stand in a path or parameter',
      'whether the column takes its ids from a sequence',
    ],
    messages: {
      literal:
        'A sequence gives the id of the row of line {{line}}, and is not rolled back: it is {{number}} only the first time. Compare with the id that was answered.',
    },
    suggestions: {},
    unrepaired:
      'what to compare with instead is what the insert answered, which is often not kept.',
  },
  runtime: {
    sees: [
      'with `postgres({ sequences: "scattered" })`, a failed assertion that compares an id which a sequence has given in this run with a number from before the sequence was moved: the two numbers, the sequence and the line',
    ],
    cannotSee: [
      'a literal id in a path, a parameter or a foreign key: the test fails as its author sees it, without this name',
      'tests that pass: without the option, a literal id is a literal like any other',
      'sequences that are made inside a test, that count downwards or begin anew (`cycle`)',
    ],
    message:
      '{{test}} expected {{expected}} where sequence {{sequence}} gave {{actual}} (repeat with SAVEPOINT_SEED={{seed}} on a fresh database).',
  },
  evidence: [
    'getodk/central-backend#56',
    'laravel/framework#30467',
    'diesel-rs/diesel#3905',
    '1024pix/pix#1304',
    'odoo/odoo#92134',
  ],
  whenNotToUse:
    'Where the test itself sets the sequence, or a trigger the id. Leave the option off where ids are shown to people, as in snapshots of pages.',
  examples: [
    {
      title: 'the first user is expected to have the id 1',
      file: 'users.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table users (id serial primary key, name text)'),
  sequences: 'scattered',
});

test('registers a user', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("insert into users (name) values ('ada') returning id, name");
  assert.deepEqual(rows, [{ id: 1, name: 'ada' }]);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table users (id serial primary key, name text)'),
  sequences: 'scattered',
});

test('registers a user', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("insert into users (name) values ('ada') returning id, name");
  assert.deepEqual(rows, [{ id: rows[0].id, name: 'ada' }]);
});
`,
    },
  ],
});
