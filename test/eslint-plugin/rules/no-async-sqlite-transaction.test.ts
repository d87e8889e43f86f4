import { testRule } from '../support/rule-table.ts';

testRule('no-async-sqlite-transaction', {
  valid: [
    {
      name: 'a synchronous function',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
const insertAll = db.transaction((rows) => { for (const row of rows) db.prepare('insert into a values (?)').run(row); });
const named = db.transaction(save);
function save() {}
test('a', async () => { insertAll([1]); });`,
    },
    {
      name: 'drivers whose transactions are asynchronous',
      code: `import { test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as libsql } from 'drizzle-orm/libsql';
import knex from 'knex';
const pglite = new PGlite();
const db = drizzle(process.env.URL);
const other = libsql('file:a.db');
const builder = knex({ client: 'better-sqlite3' });
test('a', async () => {
  await pglite.transaction(async (tx) => {});
  await db.transaction(async (tx) => {});
  await other.transaction(async (tx) => {});
  await builder.transaction(async (trx) => {});
  await unknown.transaction(async (tx) => {});
});`,
    },
    {
      name: 'the test is about the refusal',
      code: `import assert, { throws } from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
test('a', async (t) => {
  assert.throws(() => db.transaction(async () => {})(), /promise/);
  throws(db.transaction(async () => {}), TypeError);
  t.assert.throws(() => db.transaction(async () => {})());
});`,
    },
    {
      name: 'a function that is not here, or none',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
import { save } from './save.js';
const db = new Database(':memory:');
test('a', () => { db.transaction(save)(); db.transaction(); db.transaction(null); });`,
    },
    {
      name: 'the pool of a sandbox of PostgreSQL',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => { const pool = await db.rollback(t); await pool.transaction(async () => {}); });`,
    },
  ],
  invalid: [
    {
      name: 'inline and by name',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
const save = async (row) => { await row; };
test('a', async () => {
  await «db.transaction»(async () => { await 1; })();
  const run = «db.transaction»(save);
  await «db.transaction»(async function () {}).immediate();
});`,
      reports: [
        { messageId: 'asynchronous', data: { call: 'db.transaction()' } },
        { messageId: 'asynchronous' },
        { messageId: 'asynchronous' },
      ],
    },
    {
      name: 'Drizzle over better-sqlite3, the handle of a sandbox',
      language: 'ts',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { sqlite } from 'savepoint/sqlite';
const db = drizzle(new Database(':memory:'));
const files = sqlite();
test('a', async (t) => {
  await «db.transaction»(async (tx) => { await tx.insert(users).values({}); });
  const handle = await files.rollback(t);
  «handle.transaction»(async () => {})();
});`,
      reports: [{ messageId: 'asynchronous' }, { messageId: 'asynchronous' }],
    },
    {
      name: 'CommonJS',
      language: 'cjs',
      code: `const test = require('node:test');
const Database = require('better-sqlite3');
let db;
test.beforeEach(() => { db = new Database(':memory:'); });
test('a', async () => { await «db.transaction»(async () => {})(); });`,
      reports: [{ messageId: 'asynchronous' }],
    },
  ],
});
