import { defineHazard } from '../hazard.ts';

export const noFragileTeardown = defineHazard({
  id: 'no-fragile-teardown',
  title: 'Release in reverse order of acquisition',
  category: 'teardown',
  symptoms: [
    'The database connection is not open',
    'Cannot use a pool after calling end on the pool',
    'Called end on pool more than once',
  ],
  signs: [
    '`pool.end()` never resolves: it waits for a client that a later hook would release',
    'after one cleanup failed, all later ones are skipped, and what they should have closed leaks',
    'a temporary directory cannot be removed, or is removed under an open database',
  ],
  cause:
    'node:test runs `after`, `afterEach` and `t.after` hooks in the order they were registered, first in first out, and stops at the first that throws. ' +
    'A hook registered early ends what a later hook still needs.',
  remedy:
    'Release dependents first, in one hook: `after(async () => { client.release(); await pool.end(); })`. ' +
    'Or acquire with `use(t, acquire)` of `savepoint`: last in first out, all of them, even when one throws.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'in one list of hooks, the end of a pool registered before the release of a client that was taken from it',
    ],
    cannotSee: [
      'other dependencies: an app that uses a pool, rows in a database, servers that call each other',
      'hooks that other files register',
      'whether a release can fail',
    ],
    messages: {
      sequence:
        'When `{{release}}` fails, `{{skipped}}` (line {{line}}) is skipped. Acquire with `use(t, …)` of savepoint, which releases all, or put the second in a `finally` of its own.',
      order:
        '`{{resource}}` is released before `{{dependent}}` (line {{dependentLine}}), which still needs it: hooks run in the order they are registered. Release both in one hook, `{{dependent}}` first.',
    },
    suggestions: {
      moveAfterDependent: 'Release `{{resource}}` after `{{dependent}}`.',
    },
    strictly: {
      sequence:
        'releases that one hook, or one `finally` of a test or hook, awaits one after the other: when one fails, those behind it are skipped',
    },
  },
  runtime: {
    sees: [
      '`pool.end()` called by a hook while a client that was taken in the same scope is still out',
      'a teardown hook that throws while others are still to come, which node:test then skips',
    ],
    cannotSee: [
      'the order of resources of which the runtime does not know that one needs the other',
      'resources made before the runtime was loaded',
    ],
    message: 'A pool was ended while clients of it were still checked out: {{clients}}.',
  },
  fault: ({ release }) => release.is === 'registered' && release.beforeDependents,
  evidence: ['nodejs/node#55853', 'nodejs/node#48736', 'nodejs/node#51671', 'nodejs/node#52239'],
  whenNotToUse: 'When the resources of a scope do not depend on each other.',
  examples: [
    {
      title: 'the pool is ended before its client is released',
      file: 'session.test.mjs',
      reportedBy: ['linter', 'runtime'],
      alongside: ['no-half-built-teardown'],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
let client;
before(async () => {
  client = await pool.connect();
});
after(() => pool.end());
after(() => client.release());

test('keeps one session', async () => {
  const { rows } = await client.query('select pg_backend_pid() as pid');
  assert.equal(typeof rows[0].pid, 'number');
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
let client;
before(async () => {
  client = await pool.connect();
});
after(async () => {
  client?.release();
  await pool.end();
});

test('keeps one session', async () => {
  const { rows } = await client.query('select pg_backend_pid() as pid');
  assert.equal(typeof rows[0].pid, 'number');
});
`,
    },
  ],
});
