import { testRule } from '../support/rule-table.ts';

testRule('no-fragile-teardown', {
  valid: [
    {
      name: 'the client first',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(() => client.release());
  t.after(() => pool.end());
});`,
    },
    {
      name: 'different lists of hooks: the test ends before the file does',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
test('a', async (t) => { const client = await pool.connect(); t.after(() => client.release()); });`,
    },
    {
      name: 'one hook, in the right order',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => { client.release(); await pool.end(); });
});`,
    },
    {
      name: 'savepoint unwinds, last in first out',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { use } from 'savepoint';
test('a', async (t) => {
  const pool = await use(t, () => new Pool());
  const client = await use(t, () => pool.connect());
});`,
    },
  ],
  invalid: [
    {
      name: 'the pool is registered first',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  t.after(() => «pool.end()»);
  const client = await pool.connect();
  t.after(() => client.release());
});`,
      reports: [
        {
          messageId: 'order',
          data: { resource: 'pool', dependent: 'client', dependentLine: '7' },
          suggestion: {
            messageId: 'moveAfterDependent',
            output: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(() => client.release());
  t.after(() => pool.end());
});`,
          },
        },
      ],
    },
    {
      name: 'in one hook, the wrong way round',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => {
    await «pool.end()»;
    client.release();
  });
});`,
      reports: [
        {
          messageId: 'order',
          suggestion: {
            messageId: 'moveAfterDependent',
            output: `const { test } = require('node:test');
const { Pool } = require('pg');
test('a', async (t) => {
  const pool = new Pool();
  const client = await pool.connect();
  t.after(async () => {
    client.release();
    await pool.end();
  });
});`,
          },
        },
      ],
    },
  ],
});
