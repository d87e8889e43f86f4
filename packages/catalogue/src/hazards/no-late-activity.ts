import { defineHazard } from '../hazard.ts';

export const noLateActivity = defineHazard({
  id: 'no-late-activity',
  title: 'Wait for the work a test starts',
  category: 'teardown',
  symptoms: [
    'Test "…" at … generated asynchronous activity after the test ended.',
    'Test hook "…" at … generated asynchronous activity after the test ended.',
    'A resource generated asynchronous activity after the test ended.',
  ],
  signs: [
    'every test is ok and the file has failed',
    'rows of one test appear in the next',
    'deadlocks or lost connections at teardown, in another test each time',
  ],
  cause:
    'Work started in a test is still going when the test has ended: a promise nobody awaited, a timer, a poller or queue worker of the app. ' +
    'It meets a database that the next test is using, or a pool that is already ended, and its error has no test to belong to.',
  remedy:
    'Await it in the test; give background work of the app a way to finish or stop, and call that before the database is released: `t.after(() => worker.stop())`. ' +
    '`client(t, app)` of `savepoint/http` waits for what a handler hands to `waitUntil`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a query of a known pool, client or connection, in a test or hook, whose promise is neither awaited, returned, stored nor passed on',
    ],
    cannotSee: [
      'work that the app starts by itself: timers, pollers, queues',
      'promises of functions it does not know',
    ],
    messages: {
      floating: 'Nobody waits for `{{call}}`: the test ends before it does. Await or return it.',
    },
    suggestions: {
      awaitCall: 'Await `{{call}}`.',
    },
  },
  runtime: {
    sees: [
      'a query or checkout of a `pg` pool that a test asked for and that was not done when that test had passed, or that is asked for in its name later, with the line that asked',
      'whatever uses a sandbox, handle or client of savepoint after its test has ended',
    ],
    cannotSee: [
      'late work that touches no database',
      'late statements over a client that was taken in time',
      'work handed to another process',
    ],
    message: '{{test}} had ended when work that it started still used the {{noun}}.',
  },
  fault: ({ usedAfterEnd }) => usedAfterEnd === true,
  evidence: [
    'nodejs/node#52399',
    'nodejs/node#45910',
    'nodejs/node#52401',
    'appstrate/appstrate#883',
    'lobu-ai/lobu#1609',
    'agentconnect-md/agentconnect#868',
  ],
  whenNotToUse: 'When the test is about work that is abandoned on purpose.',
  examples: [
    {
      title: 'a query nobody waits for',
      file: 'audit.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('writes an audit line', () => {
  pool.query("select 'created' as event");
  assert.equal(pool.totalCount, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('writes an audit line', async () => {
  await pool.query("select 'created' as event");
  assert.equal(pool.totalCount, 1);
});
`,
    },
  ],
});
