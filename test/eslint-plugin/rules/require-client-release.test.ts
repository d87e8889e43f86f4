import { testRule } from '../support/rule-table.ts';

const pool = `import { after, test } from 'node:test';
import pg from 'pg';
const pool = new pg.Pool();
after(() => pool.end());
`;

testRule('require-client-release', {
  valid: [
    {
      name: 'released in finally',
      code: `${pool}test('a', async () => {
  const client = await pool.connect();
  try { await client.query('select 1'); } finally { client.release(); }
});`,
    },
    {
      name: 'registered with the test',
      code: `${pool}test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('select 1');
});`,
    },
    {
      name: 'taken in beforeEach, released in afterEach',
      code: `import { after, afterEach, beforeEach, test } from 'node:test';
import pg from 'pg';
const pool = new pg.Pool();
let client;
beforeEach(async () => { client = await pool.connect(); });
afterEach(() => client.release());
after(() => pool.end());
test('a', async () => { await client.query('select 1'); });`,
    },
    {
      name: 'savepoint takes it and gives it back',
      code: `import { use } from 'savepoint';
${pool}test('a', async (t) => {
  const client = await use(t, () => pool.connect());
  await client.query('select 1');
});`,
    },
    {
      name: 'an AsyncDisposableStack gives it back',
      code: `${pool}test('a', async () => {
  const stack = new AsyncDisposableStack();
  const client = await pool.connect();
  stack.defer(() => client.release());
  await client.query('select 1');
});`,
    },
    {
      name: 'it is returned: whoever has it releases it',
      code: `${pool}async function take() { return pool.connect(); }
async function taken() { const client = await pool.connect(); await client.query('begin'); return client; }
test('a', async () => { const client = await take(); await work(client); });`,
    },
    {
      name: 'given to a function that may release it',
      code: `${pool}test('a', async () => { const client = await pool.connect(); await transaction(client); });`,
    },
    {
      name: 'a helper of the file releases it in finally',
      code: `${pool}async function withClient(work) {
  const client = await pool.connect();
  try { return await work(client); } finally { client.release(); }
}
test('a', () => withClient((client) => client.query('select 1')));`,
    },
    {
      name: 'a helper with the context registers the release',
      code: `${pool}async function take(t) {
  const client = await pool.connect();
  t.after(() => client.release());
  return client;
}
test('a', async (t) => { const client = await take(t); await client.query('select 1'); });`,
    },
    {
      name: 'with a callback the client is given to that',
      code: `${pool}test('a', (t, done) => { pool.connect((error, client, release) => { release(); done(); }); });`,
    },
    {
      name: 'not a test file',
      code: `import pg from 'pg';
const pool = new pg.Pool();
export async function now() { const client = await pool.connect(); const r = await client.query('select 1'); client.release(); return r; }`,
    },
    {
      name: 'a pool of something else',
      code: `import { test } from 'node:test';
import { Pool } from 'threads';
const pool = new Pool();
test('a', async () => { const client = await pool.connect(); await client.query(); });`,
    },
    {
      name: 'a shadowed name',
      code: `${pool}test('a', async () => {
  const pool = fake();
  const client = await pool.connect();
  await client.query();
});`,
    },
  ],
  invalid: [
    {
      name: 'an earlier throw skips the release',
      code: `${pool}test('a', async () => {
  const client = await «pool.connect()»;
  await client.query('select 1');
  client.release();
});`,
      reports: [
        {
          messageId: 'inline',
          data: { client: 'client', pool: 'pool', line: '8' },
          suggestion: [
            {
              messageId: 'releaseInFinally',
              output: `${pool}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
  } finally {
    client.release();
  }
});`,
            },
            {
              messageId: 'registerRelease',
              output: `${pool}test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('select 1');
});`,
            },
          ],
        },
      ],
    },
    {
      name: 'never released',
      code: `${pool}test('a', async (t) => {
  const client = await «pool.connect()»;
  await client.query('select 1');
});`,
      reports: [
        {
          messageId: 'absent',
          suggestion: [
            {
              messageId: 'releaseInFinally',
              output: `${pool}test('a', async (t) => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
  } finally {
    client.release();
  }
});`,
            },
            {
              messageId: 'registerRelease',
              output: `${pool}test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('select 1');
});`,
            },
          ],
        },
      ],
    },
    {
      name: 'CommonJS, in a helper of the file',
      language: 'cjs',
      code: `const test = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test.after(() => pool.end());
async function count() {
  const client = await «pool.connect()»;
  const { rows } = await client.query('select 1');
  client.release();
  return rows.length;
}
test('a', async () => { await count(); });`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'releaseInFinally',
            output: `const test = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test.after(() => pool.end());
async function count() {
  const client = await pool.connect();
  try {
    const { rows } = await client.query('select 1');
    return rows.length;
  } finally {
    client.release();
  }
}
test('a', async () => { await count(); });`,
          },
        },
      ],
    },
    {
      name: 'TypeScript, through a factory of the file and a cast',
      language: 'ts',
      code: `import { test, type TestContext } from 'node:test';
import { Pool, type PoolClient } from 'pg';
const open = (): Pool => new Pool();
const pool = open();
test.after(() => pool.end());
test('a', async (t: TestContext) => {
  const client = (await «pool.connect()») as PoolClient;
  await client!.query('select 1');
  client.release();
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: [
            {
              messageId: 'releaseInFinally',
              output: `import { test, type TestContext } from 'node:test';
import { Pool, type PoolClient } from 'pg';
const open = (): Pool => new Pool();
const pool = open();
test.after(() => pool.end());
test('a', async (t: TestContext) => {
  const client = (await pool.connect()) as PoolClient;
  try {
    await client!.query('select 1');
  } finally {
    client.release();
  }
});`,
            },
            {
              messageId: 'registerRelease',
              output: `import { test, type TestContext } from 'node:test';
import { Pool, type PoolClient } from 'pg';
const open = (): Pool => new Pool();
const pool = open();
test.after(() => pool.end());
test('a', async (t: TestContext) => {
  const client = (await pool.connect()) as PoolClient;
  t.after(() => client.release());
  await client!.query('select 1');
});`,
            },
          ],
        },
      ],
    },
    {
      name: 'a client of the app that @fastify/postgres decorates',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  await app.ready();
  const client = await «app.pg.connect()»;
  await client.query('select 1');
  client.release();
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'releaseInFinally',
            output: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  await app.ready();
  const client = await app.pg.connect();
  try {
    await client.query('select 1');
  } finally {
    client.release();
  }
});`,
          },
        },
      ],
    },
  ],
});
