import { testRule } from '../support/rule-table.ts';

testRule('no-nested-begin', {
  valid: [
    {
      name: 'ended by a statement that the file does not show',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
for (const end of ['COMMIT', 'ROLLBACK']) {
  test(end, async (t) => {
    const client = await pool.connect();
    t.after(() => client.release());
    await client.query('BEGIN');
    await client.query(end);
    await client.query('BEGIN');
    await client.query('ROLLBACK');
  });
}`,
    },
    {
      name: 'one after another',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  for (const level of levels) {
    await client.query('BEGIN');
    await client.query('ROLLBACK');
  }
  await client.query('BEGIN; select 1; COMMIT');
  await client.query('BEGIN');
  await client.query('SAVEPOINT a');
  await client.query('COMMIT AND CHAIN');
  client.release();
});`,
    },
    {
      name: 'on two clients, in two branches, in two functions',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const one = await pool.connect();
  const two = await pool.connect();
  await one.query('BEGIN');
  await two.query('BEGIN');
  if (serializable) await one.query('COMMIT');
});
test('b', async () => {
  const client = await pool.connect();
  if (readOnly) { await client.query('BEGIN READ ONLY'); } else { await client.query('BEGIN'); }
  await client.query('COMMIT');
  await (readOnly ? client.query('BEGIN READ ONLY') : client.query('BEGIN'));
  await client.query('COMMIT');
});
const begin = (client) => client.query('BEGIN');
const again = (client) => client.query('BEGIN');`,
    },
    {
      name: 'a helper in between may have ended it',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { finish } from './finish.js';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await finish(client);
  await client.query('BEGIN');
  await client.query('COMMIT');
});`,
    },
    {
      name: 'the test is about the refusal',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
test('a', () => {
  db.exec('BEGIN');
  assert.throws(() => db.exec('BEGIN'), /within a transaction/);
  db.exec('ROLLBACK');
});`,
    },
    {
      name: 'tests that use the transaction of the hook, another suite’s client',
      code: `import { afterEach, beforeEach, describe, test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
const other = new Client();
describe('a', () => {
  beforeEach(() => client.query('BEGIN'));
  afterEach(() => client.query('ROLLBACK'));
  test('b', async () => { await client.query('SAVEPOINT c'); await other.query('BEGIN'); await other.query('COMMIT'); });
  test('d', async () => { await client.query('COMMIT'); await client.query('BEGIN'); });
});
test('e', async () => { await client.query('BEGIN'); await client.query('COMMIT'); });`,
    },
    {
      name: 'through a pool: another rule’s',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => { await pool.query('BEGIN'); await pool.query('BEGIN'); });`,
    },
  ],
  invalid: [
    {
      name: 'twice on a client',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('select 1');
    await «client.query('start transaction')»;
    await client.query('COMMIT');
  } finally { client.release(); }
});`,
      reports: [{ messageId: 'nested', data: { client: 'client', line: '7' } }],
    },
    {
      name: 'in the transaction of a hook',
      language: 'cjs',
      code: `const { afterEach, beforeEach, describe, test } = require('node:test');
const { Client } = require('pg');
const client = new Client();
describe('a', () => {
  beforeEach(async () => { await client.query('BEGIN'); });
  afterEach(async () => { await client.query('ROLLBACK'); });
  test('b', async () => {
    await «client.query('BEGIN')»;
    await client.query('COMMIT');
  });
});`,
      reports: [{ messageId: 'nested', data: { client: 'client', line: '5' } }],
    },
    {
      name: 'SQLite',
      language: 'ts',
      code: `import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
const db = new DatabaseSync(':memory:');
test('a', () => {
  db.exec('BEGIN');
  «db.exec('BEGIN IMMEDIATE')»;
  db.exec('COMMIT');
});`,
      reports: [{ messageId: 'nested' }],
    },
  ],
});
