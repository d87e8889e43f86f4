/** Which scope a hook serves, however it is named and wherever it is called. */
import { testModel } from '../support/model-table.ts';

testModel('hooks', [
  {
    name: 't.after and bare after in a body belong to the test',
    code: `import { test, after } from 'node:test';
import pg from 'pg';
import Fastify from 'fastify';
test('a', async (t) => { const app = Fastify(); t.after(() => app.close()); await app.ready(); });
test('b', async () => { const app = Fastify(); after(() => app.close()); await app.ready(); });
test('c', async () => { const app = Fastify(); after(async () => { await app.close() }); await app.ready(); });
test('d', async () => { const app = Fastify(); after(() => { app.close() }); await app.ready(); }); //! require-awaited-teardown
test('e', async (t) => { const app = Fastify(); t.after(() => { app.close() }); await app.ready(); }); //! require-awaited-teardown
test('f', async (t) => { const app = Fastify(); t.after(app.close.bind(app)); await app.ready(); });
test('g', async (t) => { const app = Fastify(); t.after(app.close); await app.ready(); });
test('h', async ({ after }) => { const app = Fastify(); after(() => app.close()); await app.ready(); });
test('i', async (t) => { const app = Fastify(); t.after(async () => { const done = app.close(); await done; }); await app.ready(); });
test('j', async (t) => { const app = Fastify(); t.after(() => Promise.all([app.close()])); await app.ready(); });
test('k', async (t) => { const app = Fastify(); t.after(async () => { await Promise.allSettled([app].map((x) => x.close())); }); await app.ready(); });
test('l', async (t) => { const app = Fastify(); t.after((_, done) => { app.close(done); }); await app.ready(); });
test('m', async (t) => { const app = Fastify(); t.after((_, done) => { app.close().then(() => done(), done); }); await app.ready(); });
test('n', (t, done) => { const app = Fastify(); t.after(() => app.close()); app.inject('/', (e) => { done(e); }); });
test('o', (t, done) => { const app = Fastify(); app.inject('/', (e) => { app.close(); done(e); }); });`,
  },
  {
    name: 't.before hooks and suites',
    language: 'cjs',
    code: `const { test, describe, before, after, beforeEach, afterEach } = require('node:test');
const { Pool } = require('pg');
describe('suite', async () => {
  let pool;
  before(async () => { pool = new Pool(); await pool.query('select 1'); });
  after(async () => { await pool.end(); });
  test('x', async () => { await pool.query('select 1'); });
});
describe('suite2', () => {
  let pool;
  before(async () => { pool = new Pool(); });
  after(() => { pool.end(); }); //! require-awaited-teardown
  test('x', async () => { await pool.query('select 1'); });
});
describe('suite3', () => {
  let pool;
  beforeEach(async () => { pool = new Pool(); }); //! no-per-test-pool
  afterEach(async () => { await pool.end(); });
  test('x', async () => { await pool.query('select 1'); });
});
describe('suite4', () => {
  let pool;
  before(async () => { pool = new Pool(); });
  afterEach(async () => { await pool.end(); }); //! no-use-after-end
  test('x', async () => { await pool.query('select 1'); });
});
describe('suite5', () => {
  let pool;
  before(async () => { pool = new Pool(); }); //! require-pool-end
  test('x', async () => { await pool.query('select 1'); });
});`,
  },
  {
    name: 'describe.before of test, namespace, alias',
    code: `import * as nt from 'node:test';
import { Pool } from 'pg';
const { describe: d, it: i, before: b, after: a } = nt.default ?? nt;
nt.test('x', async (t) => { const pool = new Pool(); await pool.query('select 1'); await pool.end(); }); //! no-per-test-pool no-inline-teardown
nt.default.describe('y', () => { let p; nt.before(() => { p = new Pool(); }); nt.after(() => p.end()); nt.it('z', async () => { await p.query(''); }); });
nt.test.describe('y', () => { let p; nt.before(() => { p = new Pool(); }); nt.after(() => { p.end() }); nt.it('z', async () => { await p.query(''); }); }); //! require-awaited-teardown`,
  },
  {
    name: 'options and names',
    code: `import { suite, test } from 'node:test';
import { Client } from 'pg';
suite('s', { concurrency: true }, () => {
  test('x', { timeout: 100 }, async () => { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown
  test({ name: 'x' }, async () => { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown
  test(async () => { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown
  test(async function named() { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown
  test.skip('x', async () => { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown
});`,
  },
  {
    name: 'subtests',
    code: `import test from 'node:test';
import { Client } from 'pg';
test('parent', async (t) => {
  const c = new Client(); await c.connect();
  t.after(() => c.end());
  await t.test('sub', async (t) => { await c.query(''); const d = new Client(); await d.connect(); await d.query(''); await d.end(); }); //! no-inline-teardown
  await t.test('sub', async (t) => { t.after(() => c.end()); }); 
});
test('parent', async (t) => {
  let c;
  t.beforeEach(async () => { c = new Client(); await c.connect(); });
  t.afterEach(async () => { await c.end(); });
  await t.test('sub', async (t) => { await c.query(''); });
});
test('parent', async (t) => {
  const c = new Client(); await c.connect();
  t.afterEach(async () => { await c.end(); }); //! no-use-after-end
  await t.test('sub', async (t) => { await c.query(''); });
  await t.test('sub', async (t) => { await c.query(''); });
});`,
  },
  {
    name: 'tspl reassigns t',
    language: 'cjs',
    code: `'use strict'
const { test, after } = require('node:test')
const { tspl } = require('@matteo.collina/tspl')
const { Client, Pool } = require('undici')
const { createServer } = require('node:http')
test('x', async (t) => {
  t = tspl(t, { plan: 1 })
  const server = createServer((req, res) => { res.end() })
  after(() => server.close())
  server.listen(0, () => {
    const client = new Client('http://localhost')
    after(() => client.close())
    client.request({ path: '/' }, (err) => { t.ifError(err) })
  })
  await t.completed
})
test('y', async (t) => {
  const p = tspl(t, { plan: 1 })
  const server = createServer((req, res) => { res.end() })
  t.after(() => { server.close() })
  server.listen(0)
  const client = new Client('http://localhost')
  t.after(() => { client.destroy() }) //! require-awaited-teardown
  await client.request({ path: '/' })
  await p.completed
})`,
  },
]);
