import { defineHazard } from '../hazard.ts';

export const noMockTimersOverIo = defineHazard({
  id: 'no-mock-timers-over-io',
  title: 'Keep mocked timers away from pools',
  category: 'pool lifecycle',
  symptoms: [
    'Connection terminated due to connection timeout',
    'timeout exceeded when trying to connect',
  ],
  signs: [
    'a time-out of the database as soon as a test ticks its timers',
    'the process never ends after a test that mocks timers, although the test is ok',
    'a test waits for its pool for ever: the timer that would end the wait is never ticked',
  ],
  cause:
    'Pools wait with `setTimeout`: for a connection, for an idle client’s end. `mock.timers.enable()` without `apis` takes that away from the whole process. ' +
    'A tick then runs out the pool’s time-outs in an instant, and a client given back meanwhile is never closed: its timer is lost with the mock.',
  remedy:
    'Mock the clock alone, `t.mock.timers.enable({ apis: ["Date"] })`. Where a test has to tick `setTimeout`, ' +
    'ask the database before the timers are mocked or after `t.mock.timers.reset()`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'timers mocked in a test, without `apis` or with `setTimeout` among them, and behind that in the same test a query, checkout or release of a pool it knows',
    ],
    cannotSee: [
      'pools that the code under test uses',
      'timers mocked in a hook, and options that are not written where they are given',
      'requests: Node keeps the timers of its own `fetch` to itself',
    ],
    messages: {
      frozen:
        'The pool’s own timers are mocked too when `{{use}}` runs on line {{line}}: they never fire, or all at once. Mock only what the test needs: `apis: ["Date"]`.',
    },
    suggestions: {
      mockDate: 'Mock the date only.',
    },
  },
  unseenBy: {
    runtime: 'a pool does not say on whose timers it waits.',
  },
  evidence: [
    'vitest-dev/vitest#8302',
    'porsager/postgres#1091',
    'brianc/node-pg-pool#92',
    'knex/knex#1267',
    'oguimbal/pg-mem#170',
    'mikro-orm/mikro-orm#5133',
  ],
  whenNotToUse: 'When the time-outs of the pool are what the test is about.',
  examples: [
    {
      title: 'a tick that runs out the time-out of a pool',
      file: 'trials.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({
  connectionString: process.env.TEST_DATABASE_URL,
  connectionTimeoutMillis: 5_000,
});
after(() => pool.end());

test('a trial is over after a month', async (t) => {
  t.mock.timers.enable({ now: new Date('2030-01-01') });
  const answer = pool.query("select timestamptz '2030-01-31' as ends");
  t.mock.timers.tick(31 * 24 * 60 * 60 * 1000);
  const { rows } = await answer;
  assert.ok(rows[0].ends <= new Date());
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({
  connectionString: process.env.TEST_DATABASE_URL,
  connectionTimeoutMillis: 5_000,
});
after(() => pool.end());

test('a trial is over after a month', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2030-01-01') });
  const answer = pool.query("select timestamptz '2030-01-31' as ends");
  t.mock.timers.tick(31 * 24 * 60 * 60 * 1000);
  const { rows } = await answer;
  assert.ok(rows[0].ends <= new Date());
});
`,
    },
  ],
});
