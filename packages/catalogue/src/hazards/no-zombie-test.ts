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
  presets: ['strict'],
  linter: {
    sees: [
      'a `while` or endless `for` that awaits, in the body of a test with a `timeout`, and looks at no signal, clock or count',
    ],
    cannotSee: [
      'time-outs of `--test-timeout`, and those of a suite',
      'loops in helpers and in the code under test',
      'one long wait: what it waits for may take a signal or not',
    ],
    messages: {
      loop: 'This loop goes on when the test has timed out. Let it end with the test: `while (!t.signal.aborted && …)`.',
    },
    suggestions: { endWithTest: 'End the loop with the test.' },
  },
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
  whenNotToUse: 'When each test file holds one test: nothing runs beside what is left of it.',
  examples: [
    {
      title: 'a loop that does not look at the signal',
      file: 'polling.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

const mail = { sent: false };
const stop = setImmediate(() => (mail.sent = true));

test('waits until the mail is sent', { timeout: 5_000 }, async () => {
  while (!mail.sent) await setTimeout(10);
  assert.ok(stop);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

const mail = { sent: false };
const stop = setImmediate(() => (mail.sent = true));

test('waits until the mail is sent', { timeout: 5_000 }, async (t) => {
  while (!mail.sent && !t.signal.aborted) await setTimeout(10);
  assert.ok(stop);
});
`,
    },
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
