import { testRule } from '../support/rule-table.ts';

testRule('no-shared-truncate', {
  valid: [
    {
      name: 'databases in memory',
      code: `import { beforeEach, test } from 'node:test';
import Database from 'better-sqlite3';
import { PGlite } from '@electric-sql/pglite';
const db = new Database(':memory:');
const pglite = new PGlite();
beforeEach(async () => {
  db.exec('delete from users');
  db.prepare('delete from users').run();
  await pglite.query('truncate users');
});
test('a', () => {});`,
    },
    {
      name: 'some rows, and text that only mentions it',
      code: `import { beforeEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
beforeEach(async () => {
  await pool.query('delete from users where name = $1', ['ada']);
  await pool.query('delete from users using teams where users.team = teams.id');
  await pool.query("insert into log values ('truncate users; delete from users')");
  await pool.query('select 1 -- ; truncate users');
});
test('a', () => {});`,
    },
    {
      name: 'a table or condition that the file does not name',
      code: `import { beforeEach, test } from 'node:test';
import { Pool } from 'pg';
import { where } from './helpers.js';
const pool = new Pool();
beforeEach(async () => {
  await pool.query(\`truncate \${schema()}.users\`);
  await pool.query('delete from users ' + where);
});
function schema() { return 'run_' + process.pid; }
test('a', () => {});`,
    },
    {
      name: 'a database of this process: computed names, a container, a port',
      code: `import { after, before, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
import { GenericContainer } from 'testcontainers';
const database = \`test_\${process.pid}\`;
const own = new Pool({ database });
let contained, container;
before(async () => {
  container = await new GenericContainer('postgres').start();
  contained = new Pool({ host: container.getHost(), port: container.getMappedPort(5432) });
});
beforeEach(async () => {
  await own.query('truncate users');
  await contained.query('truncate users');
});
test('a', async () => {
  const client = await own.connect();
  await client.query('delete from users');
  client.release();
});`,
    },
    {
      name: 'a temporary table',
      code: `import { before, beforeEach, test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
before(async () => {
  await client.connect();
  await client.query('create temporary table if not exists "visits"(page text)');
});
beforeEach(() => client.query('TRUNCATE visits'));
test('a', () => {});`,
    },
    {
      name: 'a transaction that is rolled back',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
let client;
beforeEach(async () => {
  client = await pool.connect();
  await client.query('BEGIN');
  await client.query('DELETE FROM users');
});
afterEach(async () => { await client.query('ROLLBACK'); client.release(); });
test('a', () => {});`,
    },
    {
      name: 'a sandbox of savepoint',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('truncate users');
});`,
    },
    {
      name: 'methods of the same name on other things, and with a condition',
      code: `import { beforeEach, test } from 'node:test';
import { PrismaClient } from '@prisma/client';
import knex from 'knex';
const prisma = new PrismaClient();
const db = knex({ client: 'pg' });
const cache = new Map();
beforeEach(async () => {
  cache.delete('users');
  api('users').del();
  await store.flushall();
  await prisma.user.deleteMany({ where: { name: 'ada' } });
  await db('users').where({ name: 'ada' }).del();
});
test('a', () => {});`,
    },
    {
      name: 'an exported helper that nobody here calls',
      code: `import { beforeEach } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
export async function clean() { await pool.query('truncate users'); }`,
    },
    {
      name: 'half a text',
      code: `import { beforeEach } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
beforeEach(() => pool.query('delete from'));
beforeEach(() => pool.query(''));
beforeEach(() => pool.query());
beforeEach(() => pool.query("'unclosed; truncate a"));`,
    },
  ],
  invalid: [
    {
      name: 'in hooks, tests and helpers; through pool and client',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
import { TEST_DATABASE_URL } from './helpers.js';
const EMPTY = 'TRUNCATE users, teams RESTART IDENTITY CASCADE';
const db = new Pool({ connectionString: TEST_DATABASE_URL });
beforeEach(() => «db.query(EMPTY)»);
beforeEach(() => clean());
async function clean() {
  const client = await db.connect();
  await «client.query(\`
    delete from users;
    delete from teams where team = 'a';\`)»;
  client.release();
}
afterEach(async () => { await «db.query({ text: 'DELETE FROM "users" WHERE TRUE' })»; });
test('a', async () => { await «db.query('delete from users where 1=1')»; });`,
      reports: [
        {
          messageId: 'emptied',
          data: { statement: 'TRUNCATE users, teams RESTART IDENTITY CASCADE' },
        },
        {
          messageId: 'emptied',
          data: { statement: "delete from users; delete from teams where team = 'a';" },
        },
        { messageId: 'emptied', data: { statement: 'DELETE FROM "users" WHERE TRUE' } },
        { messageId: 'emptied', data: { statement: 'delete from users where 1=1' } },
      ],
    },
    {
      name: 'a table whose name is a constant of the file',
      language: 'cjs',
      code: `const { beforeEach } = require('node:test');
const createConnectionPool = require('@databases/pg');
const { sql } = createConnectionPool;
const table = 'users';
const pool = createConnectionPool({ connectionString: 'postgres://localhost/test' });
beforeEach(async () => {
  await «pool.query(sql\`TRUNCATE TABLE jobs;\`)»;
  await «pool.query(\`delete from \${table}\`)»;
});`,
      reports: [
        { messageId: 'emptied' },
        { messageId: 'emptied', data: { statement: 'delete from users' } },
      ],
    },
    {
      name: 'client libraries',
      language: 'ts',
      code: `import { afterEach, beforeEach } from 'node:test';
import { PrismaClient } from '@prisma/client';
import Redis from 'ioredis';
import knex from 'knex';
import postgres from 'postgres';
const prisma = new PrismaClient();
const db = knex(process.env.DATABASE_URL!);
const redis = new Redis();
const sql = postgres(process.env.DATABASE_URL!);
beforeEach(async () => {
  await «prisma.user.deleteMany()»;
  await «prisma.post.deleteMany({})»;
  await «prisma.$executeRaw\`TRUNCATE users\`»;
  await «prisma.$executeRawUnsafe('TRUNCATE users')»;
  await «db('users').del()»;
  await «db('users').truncate()»;
  await «db.raw('truncate table users')»;
  await «redis.flushall()»;
  await «redis.flushdb()»;
  await «sql\`delete from users\`»;
});`,
      reports: Array.from({ length: 10 }, () => ({ messageId: 'emptied' })),
    },
    {
      name: 'what plugins hang on an app',
      language: 'cjs',
      code: `const { test } = require('node:test');
const Fastify = require('fastify');
test('a', async (t) => {
  const fastify = Fastify();
  t.after(() => fastify.close());
  await «fastify.redis.flushall()»;
  await «fastify.pg.query('DELETE FROM users')»;
  await «fastify.pg.test.query('DELETE FROM users')»;
});`,
      reports: Array.from({ length: 3 }, () => ({ messageId: 'emptied' })),
    },
  ],
});
