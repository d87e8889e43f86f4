import { testRule } from '../support/rule-table.ts';

const head = `import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
`;

testRule('no-swallowed-sql-error', {
  valid: [
    {
      name: 'the failing statement is the last',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('insert into a values (1)');
  await assert.rejects(client.query('insert into a values (1)'), { code: '23505' });
  await client.query('ROLLBACK');
  await client.query('select 1');
  client.release();
});`,
    },
    {
      name: 'in autocommit, through the pool',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await assert.rejects(client.query('insert into a values (1)'));
  await client.query('select 1');
  await assert.rejects(pool.query('insert into a values (1)'));
  await pool.query('select 1');
});`,
    },
    {
      name: 'behind a savepoint',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SAVEPOINT before');
  await assert.rejects(client.query('insert into a values (1)'));
  await client.query('ROLLBACK TO SAVEPOINT before');
  await client.query('select 1');
  await client.query('COMMIT');
});`,
    },
    {
      name: 'the test is about the aborted transaction',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await assert.rejects(client.query('oops'));
  await assert.rejects(client.query('select 1'), { code: '25P02' });
  await client.query('ROLLBACK');
});`,
    },
    {
      name: 'the error goes on, or is answered',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  try {
    await client.query('insert into a values (1)');
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
  }
  await client.query('select 1');
});
test('b', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('insert into a values (1)').catch(() => client.query('ROLLBACK'));
  try { await client.query('insert into a values (1)'); } catch { return; }
  try { await client.query('insert into a values (1)'); } catch { await recover(client); }
  await client.query('COMMIT');
});`,
    },
    {
      name: 'hooks with savepoints, and a test that ends with the failure',
      code: `${head}let client;
beforeEach(async () => { client = await pool.connect(); await client.query('BEGIN'); await client.query('SAVEPOINT each'); });
afterEach(async () => { await client.query('ROLLBACK'); client.release(); });
test('a', async () => {
  await assert.rejects(client.query('oops'));
  await client.query('select 1');
});`,
    },
    {
      name: 'the failure is the last of each test',
      code: `${head}let client;
beforeEach(async () => { client = await pool.connect(); await client.query('BEGIN'); });
afterEach(async () => { await client.query('ROLLBACK'); client.release(); });
test('a', async () => { await assert.rejects(client.query('oops')); });
test('b', async () => { await client.query('select 1'); });`,
    },
    {
      name: 'databases whose transactions survive an error, clients that are not known',
      code: `${head}import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
const db = new Database(':memory:');
test('a', async () => {
  db.exec('BEGIN');
  assert.throws(() => db.exec('oops'));
  db.exec('COMMIT');
  const connection = await mysql.createConnection({});
  await connection.query('BEGIN');
  await assert.rejects(connection.query('oops'));
  await connection.query('COMMIT');
  await unknown.query('BEGIN');
  await assert.rejects(unknown.query('oops'));
  await unknown.query('COMMIT');
});`,
    },
    {
      name: 'another branch',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  if (fails) {
    await assert.rejects(client.query('oops'));
  } else {
    await client.query('select 1');
  }
});`,
    },
  ],
  invalid: [
    {
      name: 'an assertion, a promise or a function',
      code: `${head}test('a', async (t) => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await assert.rejects(«client.query('insert into a values (1)')», { code: '23505' });
  const { rows } = await client.query('select * from a');
  await client.query('ROLLBACK');
});
test('b', async (t) => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await t.assert.rejects(async () => { await «client.query('oops')»; });
  await client.query('COMMIT');
});`,
      reports: [
        {
          messageId: 'swallowed',
          data: { begunLine: '7', next: 'select * from a', nextLine: '9' },
          suggestion: {
            messageId: 'guard',
            output: `${head}test('a', async (t) => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SAVEPOINT expected_failure');
  await assert.rejects(client.query('insert into a values (1)'), { code: '23505' });
  await client.query('ROLLBACK TO SAVEPOINT expected_failure');
  const { rows } = await client.query('select * from a');
  await client.query('ROLLBACK');
});
test('b', async (t) => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await t.assert.rejects(async () => { await client.query('oops'); });
  await client.query('COMMIT');
});`,
          },
        },
        { messageId: 'swallowed', data: { begunLine: '14', next: 'COMMIT', nextLine: '16' } },
      ],
    },
    {
      name: 'catch',
      language: 'cjs',
      code: `const assert = require('node:assert');
const { test } = require('node:test');
const { Client } = require('pg');
const client = new Client();
test('a', async () => {
  await client.connect();
  await client.query('BEGIN');
  await «client.query('oops')».catch(() => {});
  await client.query('COMMIT');
});
test('b', async () => {
  await client.query('begin');
  try {
    await «client.query('oops')»;
  } catch (error) {
    assert.equal(error.code, '42601');
  }
  if (more) await client.query('select 1');
  await client.query('rollback');
});`,
      reports: [{ messageId: 'swallowed' }, { messageId: 'swallowed' }],
    },
    {
      name: 'in the transaction of hooks',
      code: `${head}let client;
beforeEach(async () => { client = await pool.connect(); await client.query('BEGIN'); });
afterEach(async () => { await client.query('ROLLBACK'); client.release(); });
test('a', async () => {
  await assert.rejects(() => «client.query('oops')»);
  await client.query('select 1');
});`,
      reports: [
        { messageId: 'swallowed', data: { begunLine: '6', next: 'select 1', nextLine: '10' } },
      ],
    },
    {
      name: 'in the transaction of a library',
      language: 'ts',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import postgres from 'postgres';
const sql = postgres(process.env.URL!);
test('a', async () => {
  await sql.begin(async (tx) => {
    await assert.rejects(async () => { await «tx\`oops\`»; });
    await tx\`select 1\`;
  });
});`,
      reports: [{ messageId: 'swallowed' }],
    },
  ],
});
