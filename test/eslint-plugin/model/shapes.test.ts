/** The shapes that fixtures take in real files: disposers, classes, loops, casts, module systems. */
import { testModel } from '../support/model-table.ts';

testModel('shapes', [
  {
    name: 'an object of a class that holds a resource, in its own file',
    code: `import { after, before, test } from 'node:test';
import { Pool } from 'pg';
class Store { #pool = new Pool(); read() { return this.#pool.query(''); } async close() { await this.#pool.end(); } drop() { this.#pool.end(); } }
class Given { constructor(pool) { this.pool = pool; } async close() { await this.pool.end(); } }
let store, dropped;
before(() => { store = new Store(); dropped = new Store(); });
after(async () => { await store.close(); dropped.close(); }); //! require-awaited-teardown
test('each', async (t) => { const own = new Store(); t.after(() => own.close()); await own.read(); }); //! no-per-test-pool
test('at once', async (t) => { const own = new Store(); t.after(() => { own.drop(); }); await own.read(); }); //! no-per-test-pool
test('inline', async () => { const own = new Store(); await own.read(); await own.close(); }); //! no-inline-teardown no-per-test-pool
test('the act', async () => { const own = new Store(); await own.read(); await own.close(); assert.ok(own.closed); }); //! no-per-test-pool
test('left', async () => { const own = new Store(); await own.read(); }); //! no-per-test-pool require-pool-end
test('given', async (t) => { const given = new Given(pool); await given.read(); });
test('context', async (t) => { const own = new Store(t); await own.read(); });`,
  },
  {
    name: 'await using, using',
    language: 'ts',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
import Database from 'better-sqlite3';
test('a', async () => { await using app = Fastify(); await app.ready(); });
test('b', async () => { await using stack = new AsyncDisposableStack(); const app = stack.adopt(Fastify(), (x) => x.close()); await app.ready(); });
test('c', async () => { await using stack = new AsyncDisposableStack(); const app = Fastify(); stack.defer(() => app.close()); await app.ready(); });
test('d', () => { using db = new Database(); db.exec(''); });`,
  },
  {
    name: 'class fixture',
    code: `import { test, before, after } from 'node:test';
import { Pool } from 'pg';
class Fixture { constructor() { this.pool = new Pool(); } async close() { await this.pool.end(); } }
const fixture = new Fixture();
after(() => fixture.close());
test('a', async () => { await fixture.pool.query('select 1'); });`,
  },
  {
    name: 'class field, asyncDispose',
    language: 'ts',
    code: `import { test } from 'node:test';
import { Pool } from 'pg';
class Fixture { pool = new Pool(); #other = new Pool(); async [Symbol.asyncDispose]() { await this.pool.end(); await this.#other.end(); } }
test('a', async () => { await using f = new Fixture(); await f.pool.query('select 1'); });`,
  },
  {
    name: 'generators of tests',
    code: `import { test, describe } from 'node:test';
import { Pool } from 'pg';
import Fastify from 'fastify';
for (const c of cases) {
  test(\`case \${c}\`, async () => { const app = Fastify(); await app.inject(c); await app.close(); }); //! no-inline-teardown
}
cases.forEach((c) => { test(c, async (t) => { const app = Fastify(); t.after(() => app.close()); await app.inject(c); }); });
cases.map((c) => test(c, async (t) => { const app = Fastify(); await app.inject(c); await app.close(); })); //! no-inline-teardown
Object.entries(cases).forEach(([name, c]) => { describe(name, () => { test(c, async (t) => { const app = Fastify(); await app.inject(c); await app.close(); }); }); }); //! no-inline-teardown
const make = (c) => async () => { const app = Fastify(); await app.inject(c); await app.close(); };
for (const c of cases) test(c, make(c));
function define(name, options) { test(name, async () => { const app = Fastify(options); await app.inject('/'); await app.close(); }); } //! no-inline-teardown
define('a', {}); define('b', {});`,
  },
  {
    name: 'fixtures in loops inside a test',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('x', async () => { for (const c of cases) { const app = Fastify(); await app.inject(c); await app.close(); } }); //! no-inline-teardown`,
  },
  {
    name: 'describe with before at top of file pool',
    code: `import { describe, it, before, after } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
describe('x', () => { after(() => pool.end()); it('a', async () => { await pool.query(''); }); });`,
  },
  {
    name: 'object of fixtures',
    code: `import { describe, it, before, after } from 'node:test';
import { Pool } from 'pg';
const ctx = {};
before(() => { ctx.pool = new Pool(); });
after(() => ctx.pool.end());
it('a', () => ctx.pool.query(''));`,
  },
  {
    name: 'this.pool in hooks',
    code: `import { describe, it, before, after } from 'node:test';
import { Pool } from 'pg';
describe('x', function () { before(function () { this.pool = new Pool(); }); after(function () { return this.pool.end(); }); it('a', function () { return this.pool.query(''); }); });`,
  },
  {
    name: 'assignment in before, sub-let destructured',
    code: `import { describe, it, before, after } from 'node:test';
import pg from 'pg';
let pool, client;
before(async () => { pool = new pg.Pool(); client = await pool.connect(); });
after(async () => { client.release(); await pool.end(); });
it('a', () => client.query(''));`,
  },
  {
    name: 'optional',
    code: `import { describe, it, before, after } from 'node:test';
import pg from 'pg';
let pool;
before(async () => { pool = new pg.Pool(); });
after(async () => { await pool?.end(); });
it('a', () => pool.query(''));`,
  },
  {
    name: 'conditional',
    code: `import { describe, it, before, after } from 'node:test';
import pg from 'pg';
let pool;
before(async () => { pool = new pg.Pool(); });
after(async () => { if (pool) await pool.end(); });
it('a', () => pool.query(''));`,
  },
  {
    name: 'TS import equals, require, casts',
    language: 'ts',
    code: `import test = require('node:test');
import pg = require('pg');
test('a', async () => { const c = new pg.Client() as unknown as pg.Client; await c.connect(); await c.query('')!; await c.end(); }); //! no-inline-teardown`,
  },
  {
    name: "const test = require('node:test').test",
    language: 'cjs',
    code: `const test = require('node:test').test;
const { Client } = require('pg');
test('a', async () => { const c = new Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown`,
  },
  {
    name: 'dynamic import',
    code: `const { test } = await import('node:test');
const { default: pg } = await import('pg');
test('a', async () => { const c = new pg.Client(); await c.connect(); await c.query(''); await c.end(); }); //! no-inline-teardown`,
  },
  {
    name: 'done-style',
    code: `import { test } from 'node:test';
import { createServer } from 'node:http';
test('a', (t, done) => { const server = createServer(); server.listen(0, () => { fetch('').then(() => { server.close(done); }); }); });
test('b', (t, done) => { const server = createServer(); t.after(() => { server.close(); }); server.listen(0, done); });
test('c', (t, done) => { const server = createServer(); server.listen(0, () => { server.close(); done(); }); });`,
  },
  {
    name: 'promise executor',
    code: `import { test } from 'node:test';
import { createServer } from 'node:http';
import Fastify from 'fastify';
test('a', async () => { const server = createServer(); await new Promise((r) => server.listen(0, r)); await fetch(''); await new Promise((r) => server.close(() => r())); }); //! no-inline-teardown
test('b', async () => { const server = createServer(); await new Promise((r) => server.listen(0, r)); try { await fetch(''); } finally { server.close(); } });
test('c', async () => { const app = Fastify(); try { await app.inject(''); } finally { app.close(); } }); //! require-awaited-teardown
test('d', async () => { const app = Fastify(); try { await app.inject(''); } catch (e) { await app.close(); throw e; } await app.close(); });
test('e', async () => { const app = Fastify(); await app.inject('').finally(() => app.close()); });`,
  },
]);
