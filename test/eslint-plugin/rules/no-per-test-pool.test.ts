import { testRule } from '../support/rule-table.ts';

testRule('no-per-test-pool', {
  valid: [
    {
      name: 'a pool that connects at its first use, and is only looked at',
      code: `import { test } from 'node:test';
import assert from 'node:assert';
import { Pool } from 'pg';
test('is exported', () => { assert.ok(new Pool()); });
test('keeps its options', () => {
  const pool = new Pool({ max: 3 });
  assert.equal(pool.options.max, 3);
});`,
    },
    {
      name: 'a connection before each test, to those who do not ask strictly',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import Redis from 'ioredis';
let redis;
beforeEach(() => { redis = new Redis(); });
afterEach(() => redis.quit());
test('a', () => redis.ping());`,
    },
    {
      name: 'strictly: a connection of the file, of a test; an app that connects to nothing',
      strict: true,
      code: `import { after, before, beforeEach, test } from 'node:test';
import cookie from '@fastify/cookie';
import postgres from '@fastify/postgres';
import Fastify from 'fastify';
import Redis from 'ioredis';
let redis, app, web;
before(async () => { redis = new Redis(); app = Fastify(); await app.register(postgres, {}); });
after(async () => { await redis.quit(); await app.close(); });
beforeEach(async () => { await redis.flushdb(); web = Fastify(); await web.register(cookie); });
test('a', async (t) => { const own = new Redis(); t.after(() => own.quit()); await own.ping(); await web.close(); });`,
    },
    {
      name: 'made once, in a hook of the file',
      code: `import { after, before, test } from 'node:test';
import { Pool } from 'pg';
let pool;
before(() => { pool = new Pool(); });
after(() => pool.end());
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'an in-memory SQLite handle is cheap',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
test('a', (t) => { const db = new Database(':memory:'); t.after(() => db.close()); db.exec('select 1'); });`,
    },
    {
      name: 'an admin pool inside finally',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async () => {
  try { await work(); } finally { const admin = new Pool(); await admin.query('drop schema own'); await admin.end(); }
});`,
    },
    {
      name: 'a factory that each file calls once',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
function open() { return new Pool(); }
const pool = open();
after(() => pool.end());
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'undici has a Pool too, which is an agent',
      code: `import { test } from 'node:test';
import { Pool } from 'undici';
test('a', async (t) => { const pool = new Pool('http://localhost'); t.after(() => pool.close()); });`,
    },
  ],
  invalid: [
    {
      name: 'nothing is said of a transaction where none may undo the test',
      code: `import { test } from 'node:test';
import { MongoClient } from 'mongodb';
import { Pool } from 'pg';
import { Queue } from '../src/queue.js';
test('no SQL', async (t) => {
  const client = «new MongoClient(url)»;
  t.after(() => client.close());
  await client.db('a').collection('b').insertOne({});
});
test('an object that has the pool', async (t) => {
  const pool = «new Pool()»;
  t.after(() => pool.end());
  const queue = new Queue({ pool });
  await queue.add(1);
});`,
      reports: [
        { messageId: 'perTestOnce', data: { resource: 'client' } },
        { messageId: 'perTestOnce', data: { resource: 'pool' } },
      ],
    },
    {
      name: 'for notices, which no transaction that is rolled back sends',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('hears of it', async (t) => {
  const pool = «new Pool()»;
  t.after(() => pool.end());
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('LISTEN jobs');
  await pool.query("select pg_notify('jobs', 'a')");
});`,
      reports: [{ messageId: 'perTestListens', data: { resource: 'pool' } }],
    },
    {
      name: 'strictly: connections before each test, one report for each hook',
      strict: true,
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Queue } from 'bullmq';
let producer, worker;
function open(name) { return new Queue(name); }
beforeEach(() => { producer = «open('a')»; worker = open('b'); });
afterEach(async () => { await producer.close(); await worker.close(); });
test('a', () => producer.add('job', {}));`,
      reports: [{ messageId: 'connection', data: { resource: 'producer`, `worker' } }],
    },
    {
      name: 'strictly: an app whose plugin connects, before each test',
      language: 'cjs',
      strict: true,
      code: `const { test } = require('node:test');
const fp = require('fastify-plugin');
const Fastify = require('fastify');
const redis = require('@fastify/redis');
test.beforeEach(async () => {
  const app = «Fastify()»;
  app.register(fp(redis), { host: 'localhost' });
  await app.ready();
  await app.redis.flushall();
  await app.close();
});
test('a', () => {});`,
      reports: [{ messageId: 'connection', data: { resource: 'app' } }],
    },
    {
      name: 'in the body, in beforeEach, in a subtest',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
let pool;
beforeEach(() => { pool = «new Pool()»; });
afterEach(() => pool.end());
test('a', async (t) => {
  const own = «new Pool()»;
  t.after(() => own.end());
  await Promise.all([pool.query('select 1'), own.query('select 1')]);
  await t.test('b', async (t) => { const sub = «new Pool()»; t.after(() => sub.end()); await sub.query('select 1'); });
});`,
      reports: [
        {
          messageId: 'perTest',
          suggestion: {
            messageId: 'acquireOnce',
            output: `import { after, before, test } from 'node:test';
import { Pool } from 'pg';
let pool;
before(() => { pool = new Pool(); });
after(() => pool.end());
test('a', async (t) => {
  const own = new Pool();
  t.after(() => own.end());
  await Promise.all([pool.query('select 1'), own.query('select 1')]);
  await t.test('b', async (t) => { const sub = new Pool(); t.after(() => sub.end()); await sub.query('select 1'); });
});`,
          },
        },
        { messageId: 'perTest' },
        { messageId: 'perTest' },
      ],
    },
    {
      name: 'through a factory of the file: the test has it, not the factory',
      language: 'cjs',
      code: `const { test } = require('node:test');
const pg = require('pg');
function createPool () {
  return new pg.Pool()
}
test('a', async (t) => {
  const pool = «createPool()»;
  t.after(() => pool.end());
  await pool.query('select 1');
});`,
      reports: [{ messageId: 'perTest', data: { resource: 'pool' } }],
    },
    {
      name: 'in a helper with the context',
      code: `import { test } from 'node:test';
import postgres from 'postgres';
function open(t) {
  const sql = «postgres()»;
  t.after(() => sql.end());
  return sql;
}
test('a', async (t) => { const sql = open(t); await sql\`select 1\`; });`,
      reports: [{ messageId: 'perTest', data: { resource: 'sql' } }],
    },
  ],
});
