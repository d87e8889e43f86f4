import { testRule } from '../support/rule-table.ts';

testRule('no-fragile-teardown', {
  valid: [
    {
      name: 'one after the other is what many write: only said to those who ask strictly',
      code: `import { after, test } from 'node:test';
after(async () => { await app.close(); await pool.end(); });
test('a', () => {});`,
    },
    {
      name: 'nothing is lost behind the one that may fail',
      strict: true,
      code: `import { after, afterEach, test } from 'node:test';
after(async () => { await app.close(); app = undefined; });
after(async () => { client.release(); await pool.end(); });
after(async () => { try { await app.close(); } finally { await pool.end(); } });
afterEach(async () => { await Promise.allSettled([app.close(), pool.end()]); });
afterEach(async () => { await app.close().catch(() => {}); await pool.end(); });
test('a', (t) => { t.after(() => app.close()); t.after(() => pool.end()); });`,
    },
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
      name: 'one after the other, when one asks strictly',
      strict: true,
      code: `import { after, before, test } from 'node:test';
let app, pool;
after(async () => {
  «await app.close();»
  await pool.end();
});
test('a', () => {});`,
      reports: [
        {
          messageId: 'sequence',
          data: { release: 'app.close()', skipped: 'pool.end()', line: '5' },
        },
      ],
    },
    {
      name: 'what is put back comes behind what may fail, when one asks strictly',
      language: 'cjs',
      strict: true,
      code: `const { afterEach, test } = require('node:test');
const now = Date.now;
afterEach(async () => {
  «await new Promise((resolve) => server.close(resolve));»
  Date.now = now;
});
test('a', () => {});`,
      reports: [
        {
          messageId: 'sequence',
          data: {
            release: 'new Promise((resolve) => server.close(resolve))',
            skipped: 'Date.now = now',
            line: '5',
          },
        },
      ],
    },
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
