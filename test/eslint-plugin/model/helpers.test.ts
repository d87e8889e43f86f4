/** Fixtures behind functions of the same file: factories, callbacks, hooks that a helper registers. */
import { testModel } from '../support/model-table.ts';

testModel('helpers', [
  {
    name: 'factory(t) with t.after',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
async function build(t) { const app = Fastify(); t.after(() => app.close()); await app.ready(); return app; }
const build2 = async (t) => { const app = Fastify(); t.after(() => { app.close(); }); await app.ready(); return app; }; //! require-awaited-teardown
test('a', async (t) => { const app = await build(t); await app.inject('/'); });
test('a', async (t) => { const app = await build2(t); await app.inject('/'); });`,
  },
  {
    name: 'factory(options, t)',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
async function build(opts, t) { const app = Fastify(opts); t.after(() => app.close()); return app; }
test('a', async (t) => { const app = await build({}, t); await app.inject('/'); });`,
  },
  {
    name: 'factory({t})',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
async function build({ t, ...opts }) { const app = Fastify(opts); t.after(() => app.close()); return app; }
test('a', async (t) => { const app = await build({ t }); await app.inject('/'); });`,
  },
  {
    name: 'helper file taking t, no node:test',
    code: `import Fastify from 'fastify';
export async function build(t, opts) { const app = Fastify(opts); t.after(() => app.close()); await app.ready(); return app; }
export async function build2(t) { const app = Fastify(); t.after(() => { app.close() }); await app.ready(); return app; } //! require-awaited-teardown
export const env = (t, k, v) => { process.env[k] = v; t.after(() => { delete process.env[k]; }); };
export function setEnv(t, k, v) { const old = process.env[k]; process.env[k] = v; t.after(() => { process.env[k] = old; }); }`,
  },
  {
    name: 'helper returns close',
    code: `import { test, after } from 'node:test';
import { createServer } from 'node:http';
import { once } from 'node:events';
async function start(handler) { const server = createServer(handler); server.listen(0); await once(server, 'listening'); return { server, url: 'x', close: () => new Promise((r) => server.close(r)) }; }
test('a', async () => { const { close } = await start(); try { await fetch(''); } finally { await close(); } });
test('b', async (t) => { const s = await start(); t.after(() => s.close()); await fetch(''); });
test('c', async (t) => { const s = await start(); t.after(s.close); await fetch(''); });`,
  },
  {
    name: 'withX releasing',
    code: `import { test } from 'node:test';
import assert from 'node:assert';
import { Pool } from 'pg';
async function withPool(fn) { const pool = new Pool(); try { return await fn(pool); } finally { await pool.end(); } } //! no-per-test-pool
test('a', async () => { await withPool(async (pool) => { await pool.query('select 1'); }); });
test('b', () => withPool(async (pool) => { await pool.query('select 1'); }));`,
  },
  {
    name: 'withX not releasing on throw',
    code: `import { test } from 'node:test';
import Fastify from 'fastify';
async function withApp(fn) { const app = Fastify(); await fn(app); await app.close(); } //! no-inline-teardown
test('a', async () => { await withApp(async (app) => { await app.inject('/'); }); });`,
  },
  {
    name: 'withServer promise finally',
    code: `import { test } from 'node:test';
import { createServer } from 'node:http';
function withServer(fn) { const server = createServer(); return new Promise((resolve) => server.listen(0, resolve)).then(() => fn(server)).finally(() => new Promise((r) => server.close(r))); }
test('a', () => withServer(async (s) => { await fetch(''); }));`,
  },
  {
    name: 'withEnv helper with finally',
    code: `import { test } from 'node:test';
function withEnv(values, fn) { const saved = { ...process.env }; Object.assign(process.env, values); try { return fn(); } finally { process.env = saved; } }
async function withVar(name, value, fn) { const old = process.env[name]; process.env[name] = value; try { await fn(); } finally { if (old === undefined) delete process.env[name]; else process.env[name] = old; } }
test('a', () => { withEnv({ A: '1' }, () => {}); });
test('b', async () => { await withVar('A', '1', async () => { process.env.A = '2'; }); });`,
  },
  {
    name: 'withEnv without finally',
    code: `import { test } from 'node:test';
function withEnv(name, value, fn) { const old = process.env[name]; process.env[name] = value; fn(); process.env[name] = old; } //! no-unrestored-process-state
test('a', () => { withEnv('A', '1', () => {}); });`,
  },
  {
    name: 'hooks registered in a helper called at top level',
    code: `import { before, after, beforeEach, afterEach, test } from 'node:test';
import Fastify from 'fastify';
let app;
function setup() { before(async () => { app = Fastify(); await app.ready(); }); after(async () => { await app.close(); }); }
setup();
test('a', async () => { await app.inject('/'); });`,
  },
  {
    name: 'hooks in a helper, unawaited',
    code: `import { before, after, test } from 'node:test';
import Fastify from 'fastify';
function useApp() { let app; before(async () => { app = Fastify(); await app.ready(); }); after(() => { app.close(); }); return () => app; } //! require-awaited-teardown
const app = useApp();
test('a', async () => { await app().inject('/'); });`,
  },
  {
    name: 'env hooks in helper',
    code: `import { beforeEach, afterEach, test } from 'node:test';
function isolateEnv() { let saved; beforeEach(() => { saved = { ...process.env }; }); afterEach(() => { process.env = saved; }); }
isolateEnv();
test('a', async () => { process.env.A = '1'; });`,
  },
  {
    name: 'lets and helpers: module-level stop',
    code: `import { test, afterEach } from 'node:test';
import { createServer } from 'node:http';
const servers = [];
function start() { const s = createServer(); s.listen(0); servers.push(s); return s; }
afterEach(async () => { await Promise.all(servers.splice(0).map((s) => new Promise((r) => s.close(r)))); });
test('a', () => { const s = start(); });
test('b', () => { const s = createServer(); s.listen(0); servers.push(s); });`,
  },
]);
