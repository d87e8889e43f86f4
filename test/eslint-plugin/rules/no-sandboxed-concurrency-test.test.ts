import { testRule } from '../support/rule-table.ts';

testRule('no-sandboxed-concurrency-test', {
  valid: [
    {
      name: 'on real connections, on a clone',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { db } from './db.js';
const pool = new Pool();
test('a', async (t) => {
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
  const own = await db.clone(t);
  const other = await own.connect();
  await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
});`,
    },
    {
      name: 'the level that every sandbox has, one client that locks its row',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  await client.query('select * from a where id = $1 for update', [1]);
  await client.query('select * from b where id = $1 for update', [1]);
  await client.query('COMMIT');
  const other = await pool.connect();
  await other.query("insert into levels values ('serializable')");
});
test('b', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('select * from a for update skip locked');
});`,
    },
    {
      name: 'the test is about the refusal',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db } from './db.js';
test('a', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  await assert.rejects(client.query('begin isolation level serializable'));
});`,
    },
    {
      name: 'SQLite, whose transactions are serializable',
      code: `import { test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';
const database = sqlite();
test('a', async (t) => {
  const db = await database.rollback(t);
  db.exec('begin /* serializable */');
});`,
    },
  ],
  invalid: [
    {
      name: 'a stronger level',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  await «client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ')»;
  await «client.query('set transaction isolation level serializable')»;
  await «pool.query('select pg_export_snapshot()')»;
});`,
      reports: [
        {
          messageId: 'isolation',
          data: { statement: 'START TRANSACTION ISOLATION LEVEL REPEATABLE READ' },
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  const client = await pool.connect();
  await client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await client.query('set transaction isolation level serializable');
  await pool.query('select pg_export_snapshot()');
});`,
          },
        },
        {
          messageId: 'isolation',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  const client = await pool.connect();
  await client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await client.query('set transaction isolation level serializable');
  await pool.query('select pg_export_snapshot()');
});`,
          },
        },
        {
          messageId: 'isolation',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  const client = await pool.connect();
  await client.query('START TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await client.query('set transaction isolation level serializable');
  await pool.query('select pg_export_snapshot()');
});`,
          },
        },
      ],
    },
    {
      name: 'two workers on one connection',
      language: 'ts',
      code: `import { test } from 'node:test';
import { db } from './db.ts';
const NEXT = 'select id from jobs limit 1 for update skip locked';
test('a', async (t) => {
  const pool = await db.rollback(t);
  const one = await pool.connect();
  const two = await pool.connect();
  await one.query(NEXT);
  await «two.query(NEXT)»;
});`,
      reports: [
        {
          messageId: 'lock',
          data: { statement: 'select id from jobs limit 1 for update skip locked' },
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { db } from './db.ts';
const NEXT = 'select id from jobs limit 1 for update skip locked';
test('a', async (t) => {
  const pool = await db.clone(t);
  const one = await pool.connect();
  const two = await pool.connect();
  await one.query(NEXT);
  await two.query(NEXT);
});`,
          },
        },
      ],
    },
    {
      name: 'CommonJS, a hook',
      language: 'cjs',
      code: `const { beforeEach, test } = require('node:test');
const { db } = require('./db');
let client;
beforeEach(async (t) => { const pool = await db.rollback(t); client = await pool.connect(); });
test('a', async () => { await «client.query('BEGIN ISOLATION LEVEL SERIALIZABLE')»; });`,
      reports: [
        {
          messageId: 'isolation',
          suggestion: {
            messageId: 'cloneInstead',
            output: `const { beforeEach, test } = require('node:test');
const { db } = require('./db');
let client;
beforeEach(async (t) => { const pool = await db.clone(t); client = await pool.connect(); });
test('a', async () => { await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE'); });`,
          },
        },
      ],
    },
  ],
});
