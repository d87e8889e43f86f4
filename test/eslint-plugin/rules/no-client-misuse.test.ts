import { testRule } from '../support/rule-table.ts';

const head = `import assert from 'node:assert/strict';
import { beforeEach, before, describe, test } from 'node:test';
import { Client, Pool } from 'pg';
const pool = new Pool();
`;

testRule('no-client-misuse', {
  valid: [
    {
      name: 'released once, on every path',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally { client.release(); }
});
test('b', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
    client.release();
  } catch (error) {
    client.release(error);
    throw error;
  }
});`,
    },
    {
      name: 'an early release that returns before the try',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  if (!ready) {
    client.release();
    return;
  }
  try { await client.query('select 1'); } finally { client.release(); }
});
test('b', async () => {
  const client = await pool.connect();
  if (!ready) {
    client.release();
    throw new Error('not ready');
  }
  await client.query('select 1');
  client.release();
});
test('c', async () => {
  const client = await pool.connect();
  switch (kind) {
    case 'one': client.release(); break;
    default: client.release(true);
  }
});`,
    },
    {
      name: 'a release that asks whether there was one',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  let released = false;
  try {
    await client.query('select 1');
    client.release();
    released = true;
  } finally { if (!released) client.release(); }
});
test('b', async () => {
  const client = await pool.connect();
  let isReleased = false;
  try { client.release(); isReleased = true; } finally { isReleased || client.release(); }
});
test('c', async () => {
  let client = await pool.connect();
  try { client.release(); client = undefined; } finally { client?.release(); }
});`,
    },
    {
      name: 'another client of the same name; taken anew',
      code: `${head}test('a', async () => {
  let client = await pool.connect();
  client.release();
  client = await pool.connect();
  client.release();
});
test('b', async () => {
  for (const name of names) {
    const client = await pool.connect();
    client.release();
  }
  const client = await pool.connect();
  client.release();
});
test('c', async () => {
  let client;
  for (const name of names) {
    client = await pool.connect();
    if (name) client.release();
  }
});`,
    },
    {
      name: 'a second release that is what the test asks for',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  client.release();
  assert.throws(() => client.release(), /already been released/);
  await assert.rejects(client.query('select 1'));
  await client.query('select 1').catch(() => {});
  const late = client.query('select 1');
  await assert.rejects(late);
});`,
    },
    {
      name: 'releases of other things',
      code: `import { test } from 'node:test';
import { mutex, open } from './lock.js';
test('a', async () => {
  const lock = await mutex.acquire();
  lock.release();
  lock.release();
  const connection = await open().connect();
  connection.end();
});`,
    },
    {
      name: 'ended and released, to lose a connection on purpose',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.end();
  client.release();
});
test('b', async () => {
  const client = await pool.connect();
  await client.end();
  giveBack(client);
});
test('c', async () => {
  const client = new Client();
  await client.connect();
  await client.end();
});`,
    },
    {
      name: 'mysql2 gives a connection back by end(), too',
      code: `import { test } from 'node:test';
import mysql from 'mysql2/promise';
const pool = mysql.createPool({});
test('a', async () => {
  const connection = await pool.getConnection();
  await connection.end();
});`,
    },
    {
      name: 'a query before the release, from wherever it is written',
      code: `${head}test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('select 1');
});
test('b', async () => {
  const client = await pool.connect();
  const ask = () => client.query('select 1');
  await ask();
  client.release();
});`,
    },
    {
      name: 'a Client for each test, one for all, one for the only test',
      language: 'ts',
      code: `${head}describe('each', () => {
  let client: Client;
  beforeEach(async () => {
    client = new Client();
    await client.connect();
  });
  test('a', async () => { await client.query('select 1'); });
  test('b', async () => { await client.query('select 1'); });
});
describe('all', () => {
  const client = new Client();
  before(async () => { await client.connect(); });
  test('a', async () => { await client.query('select 1'); });
  test('b', async () => { await client.query('select 1'); });
});
describe('one', () => {
  const client = new Client();
  beforeEach(async () => { await client.connect(); });
  test('a', async () => { await client.query('select 1'); });
});`,
    },
    {
      name: 'connects where it is not yet connected, or on one of two ways',
      code: `${head}const client = new Client();
beforeEach(async () => { if (!client._connected) await client.connect(); });
test('a', async () => { await assert.rejects(client.connect()); });
test('b', async () => { await client.query('select 1'); });
async function open(quick) {
  const other = new Client();
  if (quick) { await other.connect(); return other; }
  await other.connect();
  return other;
}`,
    },
    {
      name: 'Clients of other packages connect again',
      code: `import { beforeEach, test } from 'node:test';
import { Client } from 'undici';
import { createClient } from 'redis';
const client = new Client('http://localhost');
const redis = createClient();
beforeEach(async () => { await client.connect(); await redis.connect(); });
test('a', () => {});
test('b', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'in catch and in finally',
      code: `${head}async function report(pool) {
  const client = await pool.connect();
  try {
    return await client.query('select 1');
  } catch (error) {
    client.release(error);
    throw error;
  } finally {
    «client.release()»;
  }
}
test('a', () => report(pool));`,
      reports: [{ messageId: 'twice', data: { client: 'client', line: '10', pool: 'pool' } }],
    },
    {
      name: 'in the body and in finally',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
    client.release();
  } finally {
    «client.release()»;
  }
});`,
      reports: [
        {
          messageId: 'twice',
          suggestion: {
            messageId: 'releaseOnce',
            output: `${head}test('a', async () => {
  const client = await pool.connect();
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
    {
      name: 'one behind the other; in a branch that goes on; behind a catch that goes on',
      language: 'cjs',
      code: `const test = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  client.release();
  «client.release()»;
});
test('b', async () => {
  const client = await pool.connect();
  if (failed) client.release(true);
  «client.release()»;
});
test('c', async () => {
  const client = await pool.connect();
  try { await client.query('select 1'); } catch { client.release(true); }
  «client.release()»;
});`,
      reports: [
        {
          messageId: 'twice',
          suggestion: {
            messageId: 'releaseOnce',
            output: `const test = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  client.release();
});
test('b', async () => {
  const client = await pool.connect();
  if (failed) client.release(true);
  client.release();
});
test('c', async () => {
  const client = await pool.connect();
  try { await client.query('select 1'); } catch { client.release(true); }
  client.release();
});`,
          },
        },
        { messageId: 'twice' },
        { messageId: 'twice' },
      ],
    },
    {
      name: 'a connection of mysql2, of a pool from elsewhere',
      code: `import { test } from 'node:test';
import { pool } from './db.js';
test('a', async () => {
  let connection;
  try {
    connection = await pool.getConnection();
    if (skipped) { connection.release(); return; }
    await connection.query('select 1');
  } finally { «connection?.release()»; }
});`,
      reports: [
        {
          messageId: 'twice',
          data: { client: 'connection', line: '7', pool: 'pool' },
          suggestion: {
            messageId: 'releaseOnce',
            output: `import { test } from 'node:test';
import { pool } from './db.js';
test('a', async () => {
  let connection;
  try {
    connection = await pool.getConnection();
    if (skipped) { return; }
    await connection.query('select 1');
  } finally { connection?.release(); }
});`,
          },
        },
      ],
    },
    {
      name: 'a query behind the release',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('insert into a values (1)');
  client.release();
  const { rows } = await «client.query('select 1')»;
  assert.equal(rows.length, 1);
});
test('b', async () => {
  const client = await pool.connect();
  try { client.release(); } finally { await «client.query('ROLLBACK')»; }
});`,
      reports: [
        { messageId: 'used', data: { client: 'client', line: '8', pool: '' } },
        { messageId: 'used' },
      ],
    },
    {
      name: 'ended by its borrower',
      code: `${head}test('a', async (t) => {
  const client = await pool.connect();
  await client.query('select 1');
  await «client.end()»;
});
test('b', async (t) => {
  const client = await pool.connect();
  t.after(() => «client.end()»);
  await client.query('select 1');
});`,
      reports: [
        {
          messageId: 'ended',
          data: { client: 'client', line: '6', pool: 'pool' },
          suggestion: {
            messageId: 'releaseInstead',
            output: `${head}test('a', async (t) => {
  const client = await pool.connect();
  await client.query('select 1');
  client.release(true);
});
test('b', async (t) => {
  const client = await pool.connect();
  t.after(() => client.end());
  await client.query('select 1');
});`,
          },
        },
        {
          messageId: 'ended',
          suggestion: {
            messageId: 'releaseInstead',
            output: `${head}test('a', async (t) => {
  const client = await pool.connect();
  await client.query('select 1');
  await client.end();
});
test('b', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release(true));
  await client.query('select 1');
});`,
          },
        },
      ],
    },
    {
      name: 'one Client, connected before each test',
      code: `${head}const client = new Client();
beforeEach(async () => { await «client.connect()»; });
test('a', async () => { await client.query('select 1'); });
test('b', async () => { await client.query('select 1'); });`,
      reports: [{ messageId: 'connectedEach', data: { client: 'client', line: '5', pool: '' } }],
    },
    {
      name: 'one Client of a suite, connected by each of its tests, or twice in one',
      language: 'ts',
      code: `${head}describe('numbers', () => {
  const client: Client = new Client();
  test('a', async () => { await client.connect(); await client.end(); });
  test('b', async () => { await «client.connect()»; await client.end(); });
});
test('c', async () => {
  const client = new Client();
  await client.connect();
  await client.end();
  await «client.connect()»;
});`,
      reports: [
        { messageId: 'reconnected', data: { client: 'client', line: '7', pool: '' } },
        { messageId: 'reconnected' },
      ],
    },
  ],
});
