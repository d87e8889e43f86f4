import { defineHazard } from '../hazard.ts';
import { RELEASE_REPAIRS } from '../repairs.ts';

export const requirePoolEnd = defineHazard({
  id: 'require-pool-end',
  title: 'End every pool the test file opens',
  category: 'pool lifecycle',
  symptoms: [
    'Jest did not exit one second after the test run has completed.',
    'A worker process has failed to exit gracefully and has been force exited.',
  ],
  signs: [
    'all tests are green, then nothing happens for ten seconds, once per test file',
    'with `idleTimeoutMillis: 0` the process never ends',
    'connections of finished files still fill the server while other files start',
  ],
  cause:
    'The idle connections of a pool keep the process alive: `pg` closes them only after `idleTimeoutMillis`, ten seconds by default. ' +
    'Nobody calls `pool.end()`, so the file is done and its process waits.',
  remedy:
    'End it in the scope that opened it: `after(() => pool.end())` next to `new Pool(…)`, or let savepoint own it: `postgres(…)` from `savepoint/pg` opens at first use and ends last.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a pool made in a test file, at the top level, in a suite or in a hook, that no hook, `finally` or `using` of the file ends',
      'a pool that another file of the project keeps, that a test uses or has made by its import, and that nothing that is loaded with the test ends',
    ],
    cannotSee: [
      'pools that the app makes when it is imported, unless the tests use them by their import',
      'a pool that is exported, returned, stored or passed on: whoever has it then may end it',
    ],
    messages: {
      absent:
        'Nothing ends `{{resource}}`: its idle connections keep the process alive. End it in `after`.',
      foreign:
        'Nothing ends the pool of `{{resource}}`: its idle connections keep the process alive. Call `{{end}}()` in `after`.',
    },
    suggestions: RELEASE_REPAIRS,
  },
  runtime: {
    sees: [
      'every `pg` pool that has open connections, and every connected `pg` client of its own, that nobody ended when the last test of the file has ended, the app’s included, with the line that made it',
    ],
    cannotSee: [
      'resources made before the runtime was loaded',
      'pools of drivers other than `pg`',
      'pools with `allowExitOnIdle: true`, which hold nothing up and are left alone',
    ],
    message: 'A {{noun}} was still open when all tests had ended; nobody ended it.',
  },
  fault: ({ kind, release }) =>
    (kind === 'pool' || kind === 'connection') && release.is === 'absent',
  evidence: [
    'brianc/node-postgres#1669',
    'jestjs/jest#3686',
    'sequelize/sequelize#6758',
    'gajus/slonik#63',
    'porsager/postgres#432',
    'porsager/postgres#918',
    'dynajoe/tinypg#46',
    'brianc/node-postgres#2568',
    'https://node-postgres.com/apis/pool',
  ],
  whenNotToUse:
    'When the pools of the suite are made with `allowExitOnIdle: true`, or a preload of your own ends them.',
  examples: [
    {
      title: 'a pool for the file that nobody ends',
      file: 'one.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
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
`,
    },
  ],
});
