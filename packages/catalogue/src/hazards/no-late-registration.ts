import { defineHazard } from '../hazard.ts';

export const noLateRegistration = defineHazard({
  id: 'no-late-registration',
  title: 'Register the release before anything else can fail',
  category: 'teardown',
  symptoms: [],
  signs: [
    'a test fails in its set-up, and the process does not end',
    'one failing set-up is followed by others: a port in use, a lock that is held, no connection left',
  ],
  cause:
    'The test makes a resource, awaits something else, and only then registers the release. When what it awaits fails, the test is over, the hook was never registered, and the resource stays open.',
  remedy:
    'Register the release in the line behind the acquisition: `const pool = new Pool(…); t.after(() => pool.end());`, or do both at once: `const pool = await use(t, () => new Pool(…))` with `use` of `savepoint`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a resource that a test, a hook or a helper makes and whose `t.after` or `after` the same function registers, with an awaited call in between',
      '`await app.ready()` in between, where the app has a plugin of the project: when one fails, what those before it opened stays open',
    ],
    cannotSee: [
      'calls in between that throw without being awaited',
      'what else opens the resource itself, such as `await server.listen()`: when it fails, there is little to release',
      'resources that a helper in another file makes',
    ],
    messages: {
      late: 'When `{{call}}` (line {{callLine}}) fails, nothing releases `{{resource}}`: its release is registered later, on line {{line}}. Register it here.',
    },
    suggestions: { registerEarlier: 'Register the release of `{{resource}}` where it is made.' },
  },
  unseenBy: {
    runtime:
      'it sees what stays open when a set-up has failed: `no-inline-teardown`, `require-pool-end`.',
  },
  fault: ({ release }) => release.is === 'registered' && release.late === true,
  evidence: [
    'nodejs/node#45192',
    'microsoft/playwright#8358',
    'https://nodejs.org/api/test.html#contextafterfn-options',
  ],
  whenNotToUse: 'When a set-up that fails ends the whole run.',
  examples: [
    {
      title: 'something else between the pool and its release',
      file: 'tags.test.mjs',
      reportedBy: ['linter'],
      alongside: ['no-per-test-pool'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

const readSettings = async () => ({ application_name: 'tags' });

test('is named', async (t) => {
  const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
  const { application_name } = await readSettings();
  t.after(() => pool.end());
  const { rows } = await pool.query('select $1::text as name', [application_name]);
  assert.equal(rows[0].name, 'tags');
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const readSettings = async () => ({ application_name: 'tags' });

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('is named', async () => {
  const { application_name } = await readSettings();
  const { rows } = await pool.query('select $1::text as name', [application_name]);
  assert.equal(rows[0].name, 'tags');
});
`,
    },
  ],
});
