import { testRule } from '../support/rule-table.ts';

testRule('require-awaited-teardown', {
  valid: [
    {
      name: 'returned, awaited, gathered, chained',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => { const app = Fastify(); t.after(() => app.close()); });
test('b', async (t) => { const app = Fastify(); t.after(async () => { await app.close(); }); });
test('c', async (t) => { const app = Fastify(); t.after(() => { return app.close(); }); });
test('d', async (t) => { const app = Fastify(); const b = Fastify(); t.after(() => Promise.all([app.close(), b.close()])); });
test('e', async (t) => { const app = Fastify(); t.after(() => app.close().catch(() => {})); });
test('f', async (t) => { const app = Fastify(); t.after((t, done) => { app.close(done); }); });
test('g', async (t) => { const app = Fastify(); t.after(() => { app.close(() => {}); }); });`,
    },
    {
      name: 'releases that answer no promise',
      code: `import { test } from 'node:test';
import { createServer } from 'node:http';
import Database from 'better-sqlite3';
test('a', (t) => {
  const server = createServer().listen(0);
  t.after(() => { server.close(); });
  const db = new Database(':memory:');
  t.after(() => { db.close(); });
});`,
    },
    {
      name: 'a helper of the file that is waited for',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
async function stop() { await pool.end(); }
after(() => stop());
test('a', () => pool.query('select 1'));`,
    },
  ],
  invalid: [
    {
      name: 'once, of a hook that releases what each of several tests makes',
      code: `import { afterEach, test } from 'node:test';
import Fastify from 'fastify';
let app;
afterEach(async () => { «app.close()»; });
test('a', async () => { app = Fastify(); await app.ready(); });
test('b', async () => { app = Fastify(); await app.ready(); });`,
      reports: [
        {
          messageId: 'unawaited',
          suggestion: {
            messageId: 'awaitRelease',
            output: `import { afterEach, test } from 'node:test';
import Fastify from 'fastify';
let app;
afterEach(async () => { await app.close(); });
test('a', async () => { app = Fastify(); await app.ready(); });
test('b', async () => { app = Fastify(); await app.ready(); });`,
          },
        },
      ],
    },
    {
      name: 'a block body drops the promise',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify();
  t.after(() => { «app.close()» });
});`,
      reports: [
        {
          messageId: 'unawaited',
          data: { call: 'app.close()', resource: 'app' },
          suggestion: {
            messageId: 'awaitRelease',
            output: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify();
  t.after(async () => { await app.close() });
});`,
          },
        },
      ],
    },
    {
      name: 'an asynchronous hook, void, and finally',
      language: 'cjs',
      code: `const { after, test } = require('node:test');
const { Pool } = require('pg');
const { fastify } = require('fastify');
const pool = new Pool();
after(async () => { «pool.end()» });
test('a', async () => {
  const app = fastify();
  try { await app.ready() } finally { void «app.close()» }
});`,
      reports: [
        {
          messageId: 'unawaited',
          suggestion: {
            messageId: 'awaitRelease',
            output: `const { after, test } = require('node:test');
const { Pool } = require('pg');
const { fastify } = require('fastify');
const pool = new Pool();
after(async () => { await pool.end() });
test('a', async () => {
  const app = fastify();
  try { await app.ready() } finally { void app.close() }
});`,
          },
        },
        {
          messageId: 'unawaited',
          suggestion: {
            messageId: 'awaitRelease',
            output: `const { after, test } = require('node:test');
const { Pool } = require('pg');
const { fastify } = require('fastify');
const pool = new Pool();
after(async () => { pool.end() });
test('a', async () => {
  const app = fastify();
  try { await app.ready() } finally { await app.close() }
});`,
          },
        },
      ],
    },
    {
      name: 'a helper whose promise the hook drops',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
const stop = () => «pool.end()»;
after(() => { stop(); });
test('a', () => pool.query('select 1'));`,
      reports: [{ messageId: 'unawaited' }],
    },
  ],
});
