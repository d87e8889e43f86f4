import { defineHazard } from '../hazard.ts';
import { isPerTest } from '../vocabulary.ts';

export const noPerTestPool = defineHazard({
  id: 'no-per-test-pool',
  title: 'Open one pool per process, not one per test',
  category: 'pool lifecycle',
  symptoms: [
    'sorry, too many clients already',
    'remaining connection slots are reserved for non-replication superuser connections',
    'remaining connection slots are reserved for roles with the SUPERUSER attribute',
  ],
  signs: [
    'the suite slows down with every test that is added',
    'the app under test uses another pool than the one the test set up',
  ],
  cause:
    'A pool is made in a test, or in a hook that runs for each test. Every test pays for connecting and authenticating, and leaves up to `max` connections on the server until its pool has ended.',
  remedy:
    'Make the pool once per file or process and isolate tests by transaction: `db.rollback(t)` of `savepoint/pg`, or `rollbackEach(pool)` for a pool of the app. ' +
    'If a test does need a pool of its own, give it `max: 1` and end it in `t.after`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a pool made in a test, a subtest, `beforeEach` or `t.beforeEach`, or in a helper of the same file that these call',
    ],
    cannotSee: [
      'a pool made by an app factory in another file that each test calls',
      'whether the test needs it: a test of the pool itself does',
    ],
    messages: {
      perTest:
        '`{{resource}}` is made anew for each test. Make it once for the file and isolate tests by transaction.',
      perTestListens:
        '`{{resource}}` is made anew for each test. Make it once for the file; NOTIFY needs commits, so give a test that must be alone a database of its own: `db.clone(t)` of savepoint.',
      perTestOnce: '`{{resource}}` is made anew for each test. Make it once for the file.',
      connection:
        'Connected anew before each test: `{{resource}}`. Connect once, in `before`, and undo what a test leaves.',
    },
    strictly: {
      connection:
        'a single connection that a `beforeEach` opens, by itself or by a plugin that its app registers',
    },
    suggestions: {
      acquireOnce: 'Make `{{resource}}` once, in `before`, and end it in `after`.',
    },
  },
  runtime: {
    sees: [
      'a `pg` pool that a test or its hooks make, that opens a connection and that no other test shares, with the line that made it',
    ],
    cannotSee: ['resources made before the runtime was loaded', 'pools of drivers other than `pg`'],
    message: 'A pool was made for {{test}} alone; connections it opened: {{connections}}.',
  },
  fault: ({ kind, acquired }) => kind === 'pool' && isPerTest(acquired),
  evidence: [
    'LiskArchive/lisk-sdk#1741',
    'jestjs/jest#4887',
    'mastra-ai/mastra#13026',
    'loopbackio/loopback-connector-postgresql#244',
  ],
  whenNotToUse: 'In tests of the pool itself: its options, its errors, its end.',
  examples: [
    {
      title: 'a pool for each test',
      file: 'numbers.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import pg from 'pg';

let pool;
beforeEach(() => {
  pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
});
afterEach(() => pool.end());

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await pool.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await pool.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
    },
    {
      title: 'each test isolated by a transaction instead',
      file: 'notes.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

test('keeps a note', async (t) => {
  const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
  t.after(() => pool.end());
  const { rows } = await pool.query("select 'milk' as note");
  assert.deepEqual(rows, [{ note: 'milk' }]);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });

test('keeps a note', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("select 'milk' as note");
  assert.deepEqual(rows, [{ note: 'milk' }]);
});
`,
    },
  ],
});
