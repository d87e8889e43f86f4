import { defineHazard } from '../hazard.ts';

export const noFrozenNow = defineHazard({
  id: 'no-frozen-now',
  title: 'Do not tell transactions apart by now() or by their ids',
  category: 'transaction isolation',
  symptoms: [],
  signs: [
    'all `created_at` are equal, and `order by created_at` is random',
    'an assertion that one row is newer than another fails',
    'a job with `start_after = now()` is never due',
    '`txid_current()` is the same in two transactions',
  ],
  cause:
    '`now()`, `CURRENT_TIMESTAMP` and `transaction_timestamp()` say when the transaction began, and `txid_current()` says which it is. ' +
    'In a rollback sandbox all transactions of the app are savepoints of one, so the clock stands still from the first statement of the test to its last. ' +
    'A function of the same name cannot mend it: `CURRENT_TIMESTAMP` and column defaults do not look names up.',
  remedy:
    'Take the time from `clock_timestamp()` or from the app, and break ties by id. ' +
    'A test that is about the passing of time or the ids of transactions needs a database of its own: `db.clone(t)`.',
  severity: 'error',
  presets: [],
  runtime: {
    sees: [
      'in a sandbox, a statement whose text has `now()`, `CURRENT_TIMESTAMP`, `txid_current()` or one of their like, from the second transaction on; told once in a test',
    ],
    cannotSee: ['column defaults, functions and views that use them'],
    message: 'All transactions in the sandbox of {{test}} have the same {{what}}.',
  },
  unseenBy: {
    linter:
      'whether two rows are told apart by their time lies in the schema, in column defaults and in what the app sends, and `now()` in a test is mostly right.',
  },
  evidence: [
    'DATA-DOG/go-txdb#26',
    'timgit/pg-boss#848',
    'mozilla-it/ctms-api#737',
    'https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT',
  ],
  whenNotToUse: 'There is no rule to turn off: it is a warning, said once in a test.',
  examples: [
    {
      title: 'rows ordered by the time of their transactions',
      file: 'events.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table events (name text, at timestamptz)'),
});

test('remembers both events', async (t) => {
  const pool = await db.rollback(t);
  await pool.query("insert into events values ('sign-up', now())");
  await pool.query("insert into events values ('sign-in', now())");
  const { rows } = await pool.query('select count(distinct at)::int as times from events');
  assert.equal(rows[0].times, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table events (name text, at timestamptz)'),
});

test('remembers both events', async (t) => {
  const pool = await db.rollback(t);
  await pool.query("insert into events values ('sign-up', clock_timestamp())");
  await pool.query("insert into events values ('sign-in', clock_timestamp())");
  const { rows } = await pool.query('select count(distinct at)::int as times from events');
  assert.equal(rows[0].times, 2);
});
`,
    },
  ],
});
