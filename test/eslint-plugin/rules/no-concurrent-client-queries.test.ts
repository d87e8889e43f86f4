import { testRule } from '../support/rule-table.ts';

testRule('no-concurrent-client-queries', {
  valid: [
    {
      name: 'side by side through the pool, or on several clients',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  await Promise.all([pool.query('select 1'), pool.query('select 2')]);
  await Promise.all([1, 2].map((n) => pool.query('select $1', [n])));
  const [one, two] = await Promise.all([pool.connect(), pool.connect()]);
  await Promise.all([one.query('select 1'), two.query('select 1')]);
  await Promise.all([1, 2].map(async () => { const own = await pool.connect(); await own.query('select 1'); own.release(); }));
});`,
    },
    {
      name: 'one statement beside other work',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await Promise.all([client.query('select 1'), fetch('http://localhost'), pool.query('select 1')]);
  client.release();
});`,
    },
    {
      name: 'drivers that pipeline, and what is no client',
      code: `import { test } from 'node:test';
import mysql from 'mysql2/promise';
import Redis from 'ioredis';
import pg from 'pg';
import postgres from 'postgres';
const redis = new Redis();
const sql = postgres(process.env.URL);
const pipelined = new pg.Pool({ pipeline: true });
test('a', async () => {
  await Promise.all([redis.get('a'), redis.get('b')]);
  await sql.begin(async (tx) => { await Promise.all([tx\`select 1\`, tx\`select 2\`]); });
  const connection = await mysql.createConnection({});
  await Promise.all([connection.query('select 1'), connection.query('select 2')]);
  const client = await pipelined.connect();
  await Promise.all([client.query('select 1'), client.query('select 2')]);
  await Promise.all([api.query('a'), api.query('b')]);
});`,
    },
    {
      name: 'the parameter of an unknown library, a client of each row',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async () => {
  await db.transaction(async (tx) => { await Promise.all([tx.insert(a), tx.insert(b)]); });
  await Promise.all(clients.map((client) => client.query('select 1')));
});`,
    },
    {
      name: 'another Promise, no list',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
import { Promise } from './promise.js';
const client = new Client();
await client.connect();
test('a', async () => {
  await Promise.all([client.query('select 1'), client.query('select 2')]);
  await globalThis.Promise.all();
});`,
    },
  ],
  invalid: [
    {
      name: 'listed: in order they are as many statements',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try {
    await «Promise.all»([client.query('select 1'), client.query('select 2')]);
  } finally { client.release(); }
});`,
      reports: [
        {
          messageId: 'concurrent',
          data: { client: 'client' },
          suggestion: {
            messageId: 'awaitInOrder',
            output: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('select 1');
    await client.query('select 2');
  } finally { client.release(); }
});`,
          },
        },
      ],
    },
    {
      name: 'answers with names',
      language: 'ts',
      code: `import { test } from 'node:test';
import pg from 'pg';
const client = new pg.Client();
await client.connect();
test('a', async () => {
  const [one, { rows }] = await «Promise.all»([client.query('select 1'), client.query('select 2')]);
});`,
      reports: [
        {
          messageId: 'concurrent',
          suggestion: {
            messageId: 'awaitInOrder',
            output: `import { test } from 'node:test';
import pg from 'pg';
const client = new pg.Client();
await client.connect();
test('a', async () => {
  const one = await client.query('select 1');
  const { rows } = await client.query('select 2');
});`,
          },
        },
      ],
    },
    {
      name: 'mapped, or used in another way: no suggestion',
      language: 'cjs',
      code: `const { beforeEach, test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
let client;
beforeEach(async () => { client = await pool.connect(); });
test('a', async () => {
  const results = await «Promise.all»([1, 2, 3].map((n) => client.query('select $1', [n])));
  await «Promise.allSettled»(rows.map(async (row) => { const { rows } = await client.query('select 1'); return rows; }));
  return «Promise.all»([client.query('select 1'), client.query('select 2'), other()]);
});`,
      reports: [
        { messageId: 'concurrent' },
        { messageId: 'concurrent' },
        { messageId: 'concurrent' },
      ],
    },
    {
      name: 'transactions of Drizzle over pg and of Knex',
      code: `import { test } from 'node:test';
import { drizzle } from 'drizzle-orm/node-postgres';
import knex from 'knex';
const db = drizzle(process.env.URL);
const builder = knex({ client: 'pg' });
test('a', async () => {
  await db.transaction(async (tx) => { if (rows) await «Promise.all»([tx.insert(a).values({}), tx.insert(b).values({})]); });
  await builder.transaction(async (trx) => { await «Promise.all»(rows.map((row) => trx('a').insert(row))); });
});`,
      reports: [{ messageId: 'concurrent' }, { messageId: 'concurrent' }],
    },
    {
      name: 'a client of a sandbox',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  const client = await pool.connect();
  const all = «Promise.all»([client.query('select 1'), client.query('select 2')]);
  await all;
  client.release();
});`,
      reports: [{ messageId: 'concurrent' }],
    },
  ],
});
