import { testRule } from '../support/rule-table.ts';

testRule('no-late-registration', {
  valid: [
    {
      name: 'an app whose start fails with the plugins of packages, or of the test itself',
      code: `import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { test } from 'node:test';
const own = async (app) => { app.decorate('a', 1); };
test('a', async (t) => {
  const app = Fastify();
  app.register(cookie);
  app.register(own);
  await app.ready();
  t.after(() => app.close());
});`,
    },
    {
      name: 'an app of the project whose release is registered before it starts',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
import service from '../src/app.js';
test('a', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  app.register(service);
  await app.ready();
});`,
    },
    {
      name: 'registered where it is made',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  t.after(() => pool.end());
  await migrate();
});`,
    },
    {
      name: 'only its own opening in between',
      language: 'cjs',
      code: `const { once } = require('node:events');
const { createServer } = require('node:http');
const Fastify = require('fastify');
const { Client } = require('pg');
const { test } = require('node:test');
test('a', async (t) => {
  const app = Fastify();
  await app.register(plugin);
  await app.listen({ port: 0 });
  t.after(() => app.close());
  const server = createServer();
  await once(server.listen(0), 'listening');
  t.after(() => server.close());
  const client = new Client();
  await client.connect();
  t.after(() => client.end());
  const other = createServer();
  other.listen(0);
  await listenOn(other);
  t.after(() => other.close());
  const third = createServer();
  await new Promise((resolve) => third.listen(0, resolve));
  t.after(() => third.close());
  const [a, b] = ports;
  const fourth = createServer();
  fourth.listen(a);
  await Promise.all([once(fourth, 'listening'), b]);
  t.after(() => fourth.close());
  const fifth = createServer();
  await promisify(fifth.listen.bind(fifth))(0);
  t.after(() => fifth.close());
});`,
    },
    {
      name: 'awaited in order to make it',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
});`,
    },
    {
      name: 'an app that holds nothing up, a database in memory',
      code: `import Fastify from 'fastify';
import Database from 'better-sqlite3';
import { test } from 'node:test';
test('a', async (t) => {
  const app = Fastify();
  const db = new Database(':memory:');
  await seed(db);
  t.after(async () => { await app.close(); db.close(); });
  await app.inject('/');
});`,
    },
    {
      name: 'what fails is caught',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  try { await migrate(); } catch (error) { await pool.end(); throw error; }
  t.after(() => pool.end());
});`,
    },
    {
      name: 'in a function that runs later',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = new Pool();
  const seed = async () => { await insert(pool); };
  t.after(() => pool.end());
  await seed();
});`,
    },
    {
      name: 'made by one hook, released by another',
      code: `import { after, before, test } from 'node:test';
import { Pool } from 'pg';
let pool;
before(async () => { pool = new Pool(); await migrate(pool); });
after(() => pool.end());
test('a', () => {});`,
    },
    {
      name: 'at the top of the file: a failure there ends the process',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
await migrate();
after(() => pool.end());
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'an app of the project: what its first plugins opened stays open when a later one fails',
      code: `import fp from 'fastify-plugin';
import Fastify from 'fastify';
import service from '../src/app.js';
export async function build(t) {
  const app = «Fastify()»;
  app.register(fp(service));
  await app.ready();
  if (t) t.after(() => app.close());
  return app;
}`,
      reports: [
        {
          messageId: 'late',
          data: { resource: 'app', call: 'app.ready()', callLine: '7', line: '8' },
        },
      ],
    },
    {
      name: 'something else in between',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
test('a', async (t) => {
  const pool = «new Pool()»;
  const app = build(pool);
  await app.ready();
  t.after(async () => { await app.close(); await pool.end(); });
});`,
      reports: [
        {
          messageId: 'late',
          data: { resource: 'pool', call: 'app.ready()', callLine: '6', line: '7' },
        },
      ],
    },
    {
      name: 'a query on a client',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async (t) => {
  const client = await «pool.connect()»;
  await client.query('BEGIN');
  t.after(() => client.release());
});`,
      reports: [
        {
          messageId: 'late',
          data: { resource: 'client', call: 'client.query()', callLine: '6', line: '7' },
          suggestion: {
            messageId: 'registerEarlier',
            output: `const { test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('BEGIN');
});`,
          },
        },
      ],
    },
    {
      name: 'in a helper that takes the test',
      language: 'ts',
      code: `import type { TestContext } from 'node:test';
import { createServer } from 'node:http';
async function start(t: TestContext) {
  const server = «createServer()»;
  server.listen(0);
  await seed();
  t.after(() => server.close());
  return server.address();
}`,
      reports: [
        {
          messageId: 'late',
          data: { resource: 'server', call: 'seed()', callLine: '6', line: '7' },
          suggestion: {
            messageId: 'registerEarlier',
            output: `import type { TestContext } from 'node:test';
import { createServer } from 'node:http';
async function start(t: TestContext) {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0);
  await seed();
  return server.address();
}`,
          },
        },
      ],
    },
  ],
});
