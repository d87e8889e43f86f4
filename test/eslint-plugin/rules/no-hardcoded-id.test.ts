import { testRule } from '../support/rule-table.ts';

const head = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
`;

testRule('no-hardcoded-id', {
  valid: [
    {
      name: 'the id that was answered',
      code: `${head}test('a', async (t) => {
  const pool = await db.rollback(t);
  const { rows: [user] } = await pool.query("insert into users (name) values ('ada') returning id");
  assert.equal(typeof user.id, 'number');
  assert.deepEqual(await find('ada'), { id: user.id, name: 'ada' });
});`,
    },
    {
      name: 'an id that the test chose',
      code: `${head}test('a', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("insert into users (id, name) values (7, 'ada') returning id, name");
  assert.equal(rows[0].id, 7);
  assert.deepEqual(rows, [{ id: 7, name: 'ada' }]);
});`,
    },
    {
      name: 'another column, another comparison',
      code: `${head}test('a', async (t) => {
  const pool = await db.rollback(t);
  const { rows, rowCount } = await pool.query("insert into users (name, age) values ('ada', 36) returning id, age");
  assert.equal(rowCount, 1);
  assert.equal(rows.length, 1);
  assert.equal(rows[0].age, 36);
  assert.notEqual(rows[0].id, 0);
  assert.deepEqual(rows.map(({ age }) => age), [36]);
});`,
    },
    {
      name: 'not in a sandbox, or in one of SQLite',
      code: `${head}import { Pool } from 'pg';
import { sqlite } from 'savepoint/sqlite';
const real = new Pool();
const files = sqlite();
test('a', async (t) => {
  const { rows } = await real.query("insert into users (name) values ('ada') returning id");
  assert.equal(rows[0].id, 1);
  const handle = await files.rollback(t);
  const row = handle.prepare("insert into users (name) values ('ada') returning id");
  assert.equal(row.id, 1);
});`,
    },
    {
      name: 'the column list is not there',
      code: `${head}test('a', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("insert into users values (1, 'ada') returning id");
  assert.equal(rows[0].id, 1);
});`,
    },
  ],
  invalid: [
    {
      name: 'by itself and in a row',
      code: `${head}test('a', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query("insert into users (name) values ('ada') returning id, name");
  assert.equal(rows[0].id, «1»);
  assert.deepEqual(rows, [{ id: «1», name: 'ada' }]);
});`,
      reports: [
        { messageId: 'literal', data: { number: '1', line: '7' } },
        { messageId: 'literal', data: { number: '1', line: '7' } },
      ],
    },
    {
      name: 'destructured, through a client',
      language: 'ts',
      code: `import { test, type TestContext } from 'node:test';
import { db } from './db.ts';
test('a', async (t: TestContext) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  const { rows: [{ id }] } = await client.query<{ id: number }>({ text: 'insert into users (name) values ($1) returning *', values: ['ada'] });
  t.assert.strictEqual(id, «1»);
  client.release();
});`,
      reports: [{ messageId: 'literal', data: { number: '1', line: '6' } }],
    },
    {
      name: 'CommonJS, the whole result',
      language: 'cjs',
      code: `const { deepStrictEqual, strictEqual } = require('node:assert');
const { test } = require('node:test');
const { db } = require('./db');
test('a', async (t) => {
  const pool = await db.rollback(t);
  const result = await pool.query("insert into users (name) values ('ada') returning id");
  strictEqual(result.rows[0].id, «1»);
  deepStrictEqual(result.rows[0], { id: «1» });
});`,
      reports: [{ messageId: 'literal' }, { messageId: 'literal' }],
    },
  ],
});
