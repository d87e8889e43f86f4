import { defineHazard } from '../hazard.ts';

export const noZombieTest = defineHazard({
  id: 'no-zombie-test',
  title: 'Stop the work of a test that has timed out',
  category: 'teardown',
  symptoms: ['test timed out after …ms'],
  signs: [
    'rows of a test that failed appear in the next one',
    'no warning at all: node:test reports the time-out and starts the next test',
  ],
  cause:
    'A time-out only reports the test and aborts `t.signal`; nothing stops its body. It goes on beside the tests that follow, ' +
    'with whatever it still holds: it writes rows, takes clients, mends what it broke in the middle of somebody else’s test.',
  remedy:
    'Hand `t.signal` to what the test waits for (`fetch(url, { signal: t.signal })`, `once(emitter, event, { signal: t.signal })`), and ask `t.signal.aborted` in loops. ' +
    'Then find out what it waited for.',
  severity: 'error',
  presets: [],
  runtime: {
    sees: [
      'whatever uses a sandbox of savepoint after its test has timed out, with the line that used it',
      'a query of a pool under `rollbackEach` or `savepoint/rollback` in the name of such a test, from the time-out on',
    ],
    cannotSee: [
      'what the body does without a sandbox: on a connection of its own, with files, over the network',
    ],
    message: '{{test}} had timed out when its body, still running, used the {{noun}}.',
  },
  evidence: [
    'https://nodejs.org/api/test.html#testname-options-fn',
    'https://hexdocs.pm/ecto_sql/Ecto.Adapters.SQL.Sandbox.html#module-owner-exited',
  ],
  whenNotToUse: 'There is no rule to turn off: a test that ends in time is never reported.',
  examples: [
    {
      title: 'a test goes on although it has timed out',
      file: 'mail.test.mjs',
      reportedBy: ['runtime'],
      bad: `import { before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });
before(() => db.connectionString());

test('notes that the mail was sent', { timeout: 2_000 }, async (t) => {
  const pool = await db.rollback(t);
  await setTimeout(3_000);
  await pool.query("select 'sent' as note");
});

test('reads the notes', () => setTimeout(4_000));
`,
      good: `import { before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL });
before(() => db.connectionString());

test('notes that the mail was sent', { timeout: 20_000 }, async (t) => {
  const pool = await db.rollback(t);
  await setTimeout(10, undefined, { signal: t.signal });
  await pool.query("select 'sent' as note");
});
`,
    },
  ],
});
