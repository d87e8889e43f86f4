import { defineHazard } from '../hazard.ts';

export const requirePoolBudget = defineHazard({
  id: 'require-pool-budget',
  title: 'Let the pools of all test processes fit the server',
  category: 'pool lifecycle',
  symptoms: [
    'sorry, too many clients already',
    'remaining connection slots are reserved for non-replication superuser connections',
    'remaining connection slots are reserved for roles with the SUPERUSER attribute',
    'too many connections for role "…"',
    'too many connections for database "…"',
  ],
  signs: [
    'a different test fails each run, and all pass with --test-concurrency=1',
    'the suite passes on a laptop and fails on a machine with more cores',
  ],
  cause:
    'node:test runs as many files at the same time as there are cores, less one, each in a process of its own. Every process opens its own pools, of ten connections each unless somebody says otherwise, ' +
    'and PostgreSQL takes a hundred in all by default. Pools of files that have ended keep theirs for ten seconds more.',
  remedy:
    'Make processes × pools × `max` fit `max_connections`: `max: 2` for pools in tests, fewer processes with `--test-concurrency`, or a server that takes more. ' +
    '`postgres()` of `savepoint/pg` keeps within the share of its process by itself: what does not fit waits.',
  severity: 'error',
  presets: [],
  runtime: {
    sees: [
      'a `max` of `postgres()` that does not fit what the server takes, shared by the processes that node:test runs and those of other machines that test there; it is kept within that',
      'a server that has no room for the connections which clones need',
      'a sandbox for which the server takes no connection, although it was asked for ten seconds',
    ],
    cannotSee: [
      'pools that the app and its libraries make beside `postgres()` and `rollbackEach()`',
      'processes of other machines that come later: they find a smaller share',
      'connections that a pooler such as PgBouncer keeps',
    ],
    message: '{{asked}}: {{words}}. That is {{share}} for each.',
  },
  unseenBy: {
    linter:
      'a pool opens as many connections as wait for one at the same time, the cores of the machine decide how many processes there are, and the server what it takes. No `max` in the source is too high by itself.',
  },
  evidence: [
    'Unleash/unleash#1069',
    'constructive-io/constructive#262',
    'mastra-ai/mastra#13026',
    'ForumMagnum/ForumMagnum#8181',
    'bryanloh-jw/namecard#28',
    'lolopinto/ent#1325',
    'https://www.postgresql.org/docs/current/runtime-config-connection.html',
  ],
  whenNotToUse:
    'There is no rule to turn off: what does not fit is refused by the server, in a test that has nothing to do with it.',
  examples: [
    {
      title: 'more connections than the server has',
      file: 'orders.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL, max: 5_000 });

test('counts orders', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query('select 1 as count');
  assert.equal(rows[0].count, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL, max: 2 });

test('counts orders', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query('select 1 as count');
  assert.equal(rows[0].count, 1);
});
`,
    },
  ],
});
