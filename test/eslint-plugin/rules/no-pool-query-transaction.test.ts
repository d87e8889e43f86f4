import { testRule } from '../support/rule-table.ts';

testRule('no-pool-query-transaction', {
  valid: [
    {
      name: 'through a client',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('COMMIT');
  } finally { client.release(); }
});`,
    },
    {
      name: 'through a connection',
      code: `import { after, before, test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
before(() => client.connect());
after(() => client.end());
test('a', async () => { await client.query('BEGIN'); await client.query('ROLLBACK'); });`,
    },
    {
      name: 'a pool of one connection',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import knex from 'knex';
import postgres from 'postgres';
const LIMIT = 1;
const options = { max: 1 };
const one = new Pool({ connectionString: process.env.URL, max: 1 });
const other = new Pool(options);
const third = new Pool({ max: LIMIT });
const db = knex({ client: 'pg', pool: { min: 0, max: 1 } });
const sql = postgres(process.env.URL, { max: 1 });
test('a', async () => {
  await one.query('BEGIN');
  await other.query('BEGIN');
  await third.query('BEGIN');
  await db.raw('BEGIN');
  await sql\`begin\`;
});`,
    },
    {
      name: 'options that the file does not show',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { options, makePool, pool as imported } from './db.js';
const pool = new Pool(options);
const spread = new Pool({ ...options });
const made = makePool();
function here() { return new Pool({ max: limit() }); }
const own = here();
test('a', async () => {
  await pool.query('BEGIN');
  await spread.query('BEGIN');
  await made.query('BEGIN');
  await imported.query('BEGIN');
  await own.query('BEGIN');
});`,
    },
    {
      name: 'a whole transaction in one text',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  await pool.query('BEGIN; insert into a values (1); COMMIT');
  await pool.query('do $$ begin perform 1; end $$');
  await pool.query("select 'begin'");
  await pool.query('/* begin */ select 1');
});`,
    },
    {
      name: 'handles of SQLite have one connection, what another library calls query is not ours',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
test('a', () => { db.exec('BEGIN'); db.exec('ROLLBACK'); other.query('BEGIN'); });`,
    },
    {
      name: 'a client of a sandbox, a handle of one',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
import { sqlite } from 'savepoint/sqlite';
const db = postgres();
const files = sqlite();
test('a', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('COMMIT');
  client.release();
  const handle = await files.rollback(t);
  handle.exec('BEGIN');
});`,
    },
    {
      name: 'a stub of a pool',
      code: `import { test } from 'node:test';
test('a', async () => {
  const pool = { query: async () => ({ rows: [] }) };
  await pool.query('BEGIN');
});`,
    },
  ],
  invalid: [
    {
      name: 'BEGIN alone is reported, its COMMIT is not news',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
test('a', async () => {
  await «pool.query('BEGIN')»;
  try { await pool.query('COMMIT'); } catch { await pool.query('ROLLBACK'); }
});`,
      reports: [{ messageId: 'pooled', data: { pool: 'pool', statement: 'BEGIN' } }],
    },
    {
      name: 'without a BEGIN',
      language: 'cjs',
      code: `const { beforeEach, afterEach } = require('node:test');
const { Pool } = require('pg');
const mysql = require('mysql2/promise');
let pool = new Pool();
const other = mysql.createPool('mysql://localhost/test');
beforeEach(() => «pool.query('SAVEPOINT each')»);
afterEach(() => «pool.query('ROLLBACK TO SAVEPOINT each; RELEASE SAVEPOINT each; COMMIT')»);
afterEach(() => «other.query('ROLLBACK')»);`,
      reports: [{ messageId: 'pooled' }, { messageId: 'pooled' }, { messageId: 'pooled' }],
    },
    {
      name: 'other libraries, other ways to write it',
      language: 'ts',
      code: `import { test } from 'node:test';
import { PrismaClient } from '@prisma/client';
import knex from 'knex';
import postgres from 'postgres';
const prisma = new PrismaClient();
const db = knex({ client: 'pg', connection: process.env.URL! });
const sql = postgres(process.env.URL!);
const BEGIN = 'start transaction isolation level serializable';
test('a', async () => {
  await «prisma.$executeRaw\`BEGIN\`»;
  await «db.raw(BEGIN)»;
  await «sql\`
    -- everything
    begin\`»;
  await «sql.unsafe('begin read only')»;
});`,
      reports: Array.from({ length: 4 }, () => ({ messageId: 'pooled' })),
    },
    {
      name: 'the pool of a sandbox',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  await «pool.query({ text: 'begin' })»;
});`,
      reports: [{ messageId: 'pooled', data: { pool: 'pool', statement: 'begin' } }],
    },
  ],
});
