import { defineHazard } from '../hazard.ts';

export const noUncalledTeardown = defineHazard({
  id: 'no-uncalled-teardown',
  title: 'Call the release, on the object it belongs to',
  category: 'teardown',
  symptoms: ['this.log is not a function'],
  signs: [
    'the hook that ends the pool is there, and the process waits ten seconds all the same',
    'a test file fails in a hook although all its tests are ok',
  ],
  cause:
    'The parentheses are missing: `await pool.end;` and `after(() => pool.end)` only look at the method. ' +
    'And `after(pool.end)` gives the method away without its pool: node:test calls it with another `this`, and with the test’s context as its argument.',
  remedy: 'Call it in a function: `after(() => pool.end())`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'the release of a known resource as a statement of its own without a call: `await pool.end;`',
      'a hook that answers the release instead of calling it: `after(() => pool.end)`',
      'a release given to a hook as it is: `after(pool.end)`',
    ],
    cannotSee: [
      'releases of resources that are not known, or that another file makes',
      'methods kept in a variable or given to other functions',
      'the `release` of a `pg` client and the `close` of a Fastify app, which need no `this`',
    ],
    messages: {
      named: '`{{release}}` is named and not called: nothing is released. Call `{{release}}()`.',
      unbound:
        'The hook calls `{{release}}` without its object, and with the test’s context. Use `() => {{release}}()`.',
    },
    // No fix: code that was never run runs then, and may fail or end what is still needed.
    suggestions: { callRelease: 'Call `{{release}}()`.' },
  },
  unseenBy: {
    runtime:
      'it sees what was not released because of it: `require-pool-end`, `no-unclosed-server`.',
  },
  evidence: ['https://node-postgres.com/apis/pool', 'brianc/node-postgres#1858'],
  whenNotToUse: 'When the methods of your resources are bound to them.',
  examples: [
    {
      title: 'missing parentheses',
      file: 'one.test.mjs',
      reportedBy: ['linter'],
      alongside: ['require-pool-end'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(async () => {
  await pool.end;
});

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(async () => {
  await pool.end();
});

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});
`,
    },
    {
      title: 'a method without its pool',
      file: 'two.test.mjs',
      reportedBy: ['linter'],
      alongside: ['require-pool-end'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(pool.end);

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

test('counts two', async () => {
  const { rows } = await pool.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
    },
  ],
});
