import { testRule } from '../support/rule-table.ts';

testRule('no-uncalled-teardown', {
  valid: [
    {
      name: 'called',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
test('a', async () => { await pool.end(); });`,
    },
    {
      name: 'bound',
      language: 'cjs',
      code: `const { after, test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
after(pool.end.bind(pool));
test('a', () => {});`,
    },
    {
      name: 'a release that needs no object',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async (t) => {
  const app = Fastify();
  t.after(app.close);
  const client = await pool.connect();
  t.after(client.release);
});`,
    },
    {
      name: 'asked about, kept, or given to another function',
      code: `import { after, test } from 'node:test';
import assert from 'node:assert';
import { Pool } from 'pg';
const pool = new Pool();
test('a', (t) => {
  assert.equal(typeof pool.end, 'function');
  const end = pool.end;
  register(pool.end);
  t.mock.method(pool, 'end');
});`,
    },
    {
      name: 'another member, another object',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(stub.end);
test('a', async () => { await pool.ended; stream.end; });`,
    },
    {
      name: 'a promise that a hook answers',
      code: `import { after, test } from 'node:test';
import { Agent } from 'undici';
const agent = new Agent();
after(() => agent.closed);
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'awaited and not called',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(async () => { await «pool.end»; });
test('a', () => {});`,
      reports: [
        {
          messageId: 'named',
          data: { release: 'pool.end' },
          suggestion: {
            messageId: 'callRelease',
            output: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(async () => { await pool.end(); });
test('a', () => {});`,
          },
        },
      ],
    },
    {
      name: 'answered and not called',
      language: 'cjs',
      code: `const { test } = require('node:test');
const http = require('node:http');
test('a', (t) => {
  const server = http.createServer().listen(0);
  t.after(() => «server.close»);
});`,
      reports: [
        {
          messageId: 'named',
          data: { release: 'server.close' },
          suggestion: {
            messageId: 'callRelease',
            output: `const { test } = require('node:test');
const http = require('node:http');
test('a', (t) => {
  const server = http.createServer().listen(0);
  t.after(() => server.close());
});`,
          },
        },
      ],
    },
    {
      name: 'given to a hook without its object',
      language: 'ts',
      code: `import { after, test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
after(«db.close»);
test('a', () => {});`,
      reports: [
        {
          messageId: 'unbound',
          data: { release: 'db.close' },
          suggestion: {
            messageId: 'callRelease',
            output: `import { after, test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
after(() => db.close());
test('a', () => {});`,
          },
        },
      ],
    },
    {
      name: 'the release of a client, named',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try { await client.query('select 1'); } finally { «client.release»; }
});`,
      reports: [
        {
          messageId: 'named',
          data: { release: 'client.release' },
          suggestion: {
            messageId: 'callRelease',
            output: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  try { await client.query('select 1'); } finally { client.release(); }
});`,
          },
        },
      ],
    },
  ],
});
