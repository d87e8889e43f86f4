import { defineHazard } from '../hazard.ts';

export const requireAwaitedTeardown = defineHazard({
  id: 'require-awaited-teardown',
  title: 'Wait for teardown that takes time',
  category: 'teardown',
  symptoms: [
    'Test hook "…" at … generated asynchronous activity after the test ended.',
    'database "…" is being accessed by other users',
  ],
  signs: [
    'the next test, or the next file, starts while connections of this one are still closing',
    'an error of the teardown is blamed on another test, or on the file as a whole',
    'a retry, or a pause at the end of a hook, makes the failure go away',
  ],
  cause:
    'The hook starts `end()` or `close()` and returns nothing, so node:test goes on before it is done: `after(() => { pool.end(); })` drops the promise. ' +
    'What fails in there fails later, without a test to belong to.',
  remedy:
    'Return or await it: `after(() => pool.end())`, `after(async () => { await pool.end(); })`; for a callback, `new Promise((resolve) => server.close(resolve))`. `use(t, acquire)` of `savepoint` waits by itself.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a hook, `t.after` or `finally` that calls the asynchronous release of a known resource and neither returns nor awaits it',
    ],
    cannotSee: [
      'whether the method of an unknown object answers a promise: no types are read',
      'a promise that is stored and awaited elsewhere: it is left alone',
    ],
    messages: {
      unawaited:
        'Nobody waits for `{{call}}`: the next test starts while `{{resource}}` is still closing. Return or await it.',
    },
    suggestions: {
      awaitRelease: 'Await `{{call}}`.',
    },
  },
  runtime: {
    sees: [
      'the `end()` of a `pg` pool or client that nobody waited for and that had not settled when the scope ended',
    ],
    cannotSee: [
      'a release that happened to be quick enough this time',
      'servers, apps and agents',
      'resources made before the runtime was loaded',
    ],
    message: '{{test}} ended while the release of its {{noun}} was still under way.',
  },
  fault: ({ release }) => release.is === 'registered' && !release.awaited,
  evidence: [
    'fastify/fastify-vite#346',
    'DataDog/dd-trace-js#8454',
    'Fdawgs/fastify-disablecache#52',
    'brianc/node-postgres#3287',
    'microsoft/playwright#12012',
  ],
  whenNotToUse:
    'When the teardown is meant to go on in the background and nothing later depends on it.',
  examples: [
    {
      title: 'a block body drops the promise',
      file: 'greeting.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

test('greets', async (t) => {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  t.after(() => {
    client.end();
  });
  await client.connect();
  const { rows } = await client.query("select 'hello' as greeting");
  assert.equal(rows[0].greeting, 'hello');
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

test('greets', async (t) => {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  t.after(() => client.end());
  await client.connect();
  const { rows } = await client.query("select 'hello' as greeting");
  assert.equal(rows[0].greeting, 'hello');
});
`,
    },
  ],
});
