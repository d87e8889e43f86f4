import { defineHazard } from '../hazard.ts';

export const noCrossConnectionRead = defineHazard({
  id: 'no-cross-connection-read',
  title: 'Send every connection of a test through its sandbox',
  category: 'transaction isolation',
  symptoms: [],
  signs: [
    'a second pool, a job queue or a child process does not see the rows that the test has just written',
    'a foreign key is violated although the row is there',
    'a connection beside the sandbox waits for a lock until its time-out, or a notification never comes',
  ],
  cause:
    'What a test does in a sandbox lies in a transaction that is never committed: only the connection of the sandbox sees it. ' +
    'Another connection to the same database reads what was there before, waits for the locks of the test, and hears no NOTIFY.',
  remedy:
    'Give the code the pool of the sandbox, or capture its own: `rollbackEach([writer, reader])` puts one sandbox behind both, `--import savepoint/rollback` behind all. ' +
    'A test that needs a real second connection, or another process, needs a database of its own: `db.clone(t)`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'in a test with a sandbox, a known pool or connection that is given `connectionString()` of the same fixture',
    ],
    cannotSee: [
      'connections of the app, of other files, and of other processes',
      'an address that is the same by another way',
    ],
    messages: {
      beside:
        'This connection is beside the sandbox of the test (line {{line}}): it sees nothing of what the test writes, and waits for its locks. Use the pool of the sandbox, or `{{fixture}}.clone(t)`.',
    },
    suggestions: {},
    unrepaired:
      'whether the query belongs into the sandbox or the test onto a database of its own, source does not say.',
  },
  runtime: {
    sees: [
      'a connection that a test opens by a `pg.Client` or a pool of its own to the database in which its sandbox is in use, with the line that opened it and where the sandbox was opened; it is told as a warning, once for each sandbox, and nothing is refused',
    ],
    cannotSee: [
      'connections of other processes and of worker threads',
      'connections that were opened before the sandbox was first used',
      'connections that are opened by a server or timer which serves several running tests',
      'connections through another copy of `pg`, or through another driver',
    ],
    message:
      '{{test}} opened a connection to {{database}} beside its sandbox, which sees nothing of what the test has written and waits for its locks.',
  },
  evidence: [
    'pgcentralfoundation/pgrx#727',
    'rails/rails#28466',
    'rails/rails#28726',
    'postel-sh/postel#147',
    'porsager/postgres#611',
  ],
  whenNotToUse:
    'When a test looks at its own sandbox from outside on purpose, to see that nothing is committed.',
  examples: [
    {
      title: 'a reader with a connection of its own',
      file: 'report.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table sales (amount int not null)'),
});

test('adds up the sales', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('insert into sales values (20), (22)');
  const reader = new pg.Client({ connectionString: await db.connectionString() });
  t.after(() => reader.end());
  await reader.connect();
  const { rows } = await reader.query('select sum(amount)::int as total from sales');
  assert.equal(rows[0].total, 42);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table sales (amount int not null)'),
});

test('adds up the sales', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('insert into sales values (20), (22)');
  const { rows } = await pool.query('select sum(amount)::int as total from sales');
  assert.equal(rows[0].total, 42);
});
`,
    },
  ],
});
