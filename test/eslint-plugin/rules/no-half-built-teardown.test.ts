import { testRule } from '../support/rule-table.ts';

testRule('no-half-built-teardown', {
  valid: [
    {
      name: 'asked with ?.',
      code: `import { after, before, test } from 'node:test';
let pool;
before(async () => { await migrate(); pool = new Pool(); });
after(() => pool?.end());
test('a', () => {});`,
    },
    {
      name: 'set as the first thing that the hook does',
      code: `import { after, before, test } from 'node:test';
let server;
before(async () => { server = createServer(); await listen(server); });
after(() => server.close());
test('a', () => {});`,
    },
    {
      name: 'set before the hooks run',
      language: 'cjs',
      code: `const { after, before, test } = require('node:test');
const pool = new Pool();
let app = build(pool);
before(async () => { await migrate(); app = build(pool); });
after(async () => { await app.close(); await pool.end(); });
test('a', () => {});`,
    },
    {
      name: 'asked otherwise',
      code: `import { after, afterEach, before, beforeEach, test } from 'node:test';
let app, db, pool;
before(async () => { app = await build(); pool = await open(); });
beforeEach(async () => { db = await open(); });
after(async () => { if (app) await app.close(); });
after(() => pool && pool.end());
afterEach(() => { if (!db) return; db.close(); });
test('a', () => {});`,
    },
    {
      name: 'a try around it, a callback in it',
      code: `import { after, before, test } from 'node:test';
let app, server;
before(async () => { app = await build(); server = await listen(app); });
after(async () => { try { await app.close(); } catch {} });
after(() => new Promise((resolve) => server.close(resolve)));
test('a', () => {});`,
    },
    {
      name: 'set by a helper, or by a test',
      code: `import { after, before, test } from 'node:test';
let app, db;
async function start() { app = await build(); }
before(start);
before(async () => { await start(); });
after(() => app.close());
test('a', async () => { db = await open(); });
after(() => db.close());`,
    },
    {
      name: 'registered where it is made',
      code: `import { before, test } from 'node:test';
let pool;
before(async (t) => { pool = await open(); t.after(() => pool.end()); });
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'made after something that may fail',
      code: `import { after, before, test } from 'node:test';
let pool;
before(async () => { await migrate(); pool = new Pool(); });
after(() => «pool.end»());
test('a', () => {});`,
      reports: [{ messageId: 'unset', data: { resource: 'pool', line: '3' } }],
      fixed: `import { after, before, test } from 'node:test';
let pool;
before(async () => { await migrate(); pool = new Pool(); });
after(() => pool?.end());
test('a', () => {});`,
    },
    {
      name: 'made by what may fail, in a suite, of several',
      language: 'ts',
      code: `import { afterEach, beforeEach, describe, it } from 'node:test';
describe('a', () => {
  let app: App;
  let db: Database;
  beforeEach(async () => { ({ app, db } = await build()); });
  afterEach(async () => {
    await «app!.close»();
    «db.destroy»();
  });
  it('b', () => {});
});`,
      reports: [
        { messageId: 'unset', data: { resource: 'app', line: '5' } },
        { messageId: 'unset', data: { resource: 'db', line: '5' } },
      ],
      fixed: `import { afterEach, beforeEach, describe, it } from 'node:test';
describe('a', () => {
  let app: App;
  let db: Database;
  beforeEach(async () => { ({ app, db } = await build()); });
  afterEach(async () => {
    await app!?.close();
    db?.destroy();
  });
  it('b', () => {});
});`,
    },
    {
      name: 'in CommonJS',
      language: 'cjs',
      code: `const { after, before, test } = require('node:test');
let server;
before(async () => { server = await start(); });
after(async () => { await «server.stop»(); });
test('a', () => {});`,
      reports: [{ messageId: 'unset', data: { resource: 'server', line: '3' } }],
      fixed: `const { after, before, test } = require('node:test');
let server;
before(async () => { server = await start(); });
after(async () => { await server?.stop(); });
test('a', () => {});`,
    },
  ],
});
