import { testRule } from '../support/rule-table.ts';

testRule('no-cross-connection-read', {
  valid: [
    {
      name: 'without a sandbox, or with a clone',
      code: `import { before, test } from 'node:test';
import pg from 'pg';
import { postgres } from 'savepoint/pg';
const db = postgres();
before(async () => { const seed = new pg.Client({ connectionString: await db.connectionString() }); });
test('a', async (t) => {
  const pool = await db.clone(t);
  const reader = new pg.Client({ connectionString: await db.connectionString() });
  await reader.connect();
});`,
    },
    {
      name: 'another test, another fixture',
      code: `import { test } from 'node:test';
import pg from 'pg';
import { audit, db } from './db.js';
test('a', async (t) => { const pool = await db.rollback(t); });
test('b', async (t) => { const pool = new pg.Pool({ connectionString: await db.connectionString() }); });
test('c', async (t) => {
  const pool = await db.rollback(t);
  const other = new pg.Pool({ connectionString: await audit.connectionString() });
});`,
    },
    {
      name: 'the address alone, or handed to something else',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async (t) => {
  const pool = await db.rollback(t);
  const url = await db.connectionString();
  t.diagnostic(url);
  const app = createApp({ url: await db.connectionString() });
});`,
    },
    {
      name: 'half a call',
      code: `import { test } from 'node:test';
import pg from 'pg';
import { db } from './db.js';
test('a', async (t) => { await db.rollback(t); new pg.Pool({ connectionString: await db.connectionString }); connectionString(); });`,
    },
  ],
  invalid: [
    {
      name: 'a reader of its own',
      code: `import { test } from 'node:test';
import pg from 'pg';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('insert into a values (1)');
  const reader = «new pg.Client({ connectionString: await db.connectionString() })»;
  t.after(() => reader.end());
  await reader.connect();
});`,
      reports: [{ messageId: 'beside', data: { fixture: 'db', line: '6' } }],
    },
    {
      name: 'a pool beside the sandbox of a hook',
      language: 'ts',
      code: `import { beforeEach, test } from 'node:test';
import type { Pool } from 'pg';
import pg from 'pg';
import { db } from './db.ts';
let pool: Pool;
beforeEach(async (t) => { pool = await db.rollback(t); });
test('a', async (t) => {
  const other = «new pg.Pool({ max: 2, connectionString: await db.connectionString() })»;
  t.after(() => other.end());
});`,
      reports: [{ messageId: 'beside', data: { fixture: 'db', line: '6' } }],
    },
    {
      name: 'CommonJS',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
const { db } = require('./db');
test('a', async (t) => {
  const pool = await db.rollback(t);
  const other = «new Pool({ connectionString: await db.connectionString() })»;
});`,
      reports: [{ messageId: 'beside' }],
    },
  ],
});
