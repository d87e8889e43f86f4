import { testRule } from '../support/rule-table.ts';

testRule('no-non-transactional-ddl', {
  valid: [
    {
      name: 'a transaction of the file’s own that is prepared: that is how it ends',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('BEGIN');
  await client.query("PREPARE TRANSACTION 'a'");
  await client.query("COMMIT PREPARED 'a'");
});`,
    },
    {
      name: 'outside of sandboxes and transactions',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
before(async () => {
  await pool.query('create database a');
  await pool.query('vacuum analyze b');
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('create index b_by_c on b (c)');
  await client.query('COMMIT');
  await client.query('create index concurrently b_by_d on b (d)');
  client.release();
});`,
    },
    {
      name: 'in migrate, in a clone, on a fixture of clones',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
import { isolation } from './options.js';
const db = postgres({ migrate: (client) => client.query('create index concurrently a_by_b on a (b)') });
const clones = postgres({ isolation: 'clone' });
test('a', async (t) => {
  const pool = await db.clone(t);
  await pool.query('vacuum');
  const other = await db.rollback(t, { isolation: 'clone' });
  await other.query('vacuum');
  const third = await clones.rollback(t);
  await third.query('vacuum');
  const fourth = await db.rollback(t, { isolation });
  await fourth.query('vacuum');
});`,
    },
    {
      name: 'statements that only look so, and what a transaction allows',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('refresh materialized view concurrently a');
  await pool.query("insert into log values ('vacuum')");
  await pool.query('create index vacuum on a (b)');
  await pool.query('prepare statement as select 1');
});`,
    },
    {
      name: 'the test is about the refusal',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  await assert.rejects(pool.query('vacuum'), { code: 'no-non-transactional-ddl' });
});`,
    },
    {
      name: 'rollback of something else',
      code: `import { test } from 'node:test';
import { store } from './store.js';
test('a', async (t) => {
  const version = await store.rollback('v1');
  await version.query('vacuum');
});`,
    },
  ],
  invalid: [
    {
      name: 'through the pool and a client of a sandbox',
      code: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.rollback(t);
  await «pool.query('CREATE UNIQUE INDEX CONCURRENTLY a_by_b ON a (b)')»;
  const client = await pool.connect();
  await «client.query('-- clean\\nVACUUM a')»;
  await «client.query('reindex (verbose) table concurrently a')»;
});`,
      reports: [
        {
          messageId: 'sandbox',
          data: { statement: 'CREATE UNIQUE INDEX CONCURRENTLY a_by_b ON a (b)' },
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  await pool.query('CREATE UNIQUE INDEX CONCURRENTLY a_by_b ON a (b)');
  const client = await pool.connect();
  await client.query('-- clean\\nVACUUM a');
  await client.query('reindex (verbose) table concurrently a');
});`,
          },
        },
        {
          messageId: 'sandbox',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  await pool.query('CREATE UNIQUE INDEX CONCURRENTLY a_by_b ON a (b)');
  const client = await pool.connect();
  await client.query('-- clean\\nVACUUM a');
  await client.query('reindex (verbose) table concurrently a');
});`,
          },
        },
        {
          messageId: 'sandbox',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres();
test('a', async (t) => {
  const pool = await db.clone(t);
  await pool.query('CREATE UNIQUE INDEX CONCURRENTLY a_by_b ON a (b)');
  const client = await pool.connect();
  await client.query('-- clean\\nVACUUM a');
  await client.query('reindex (verbose) table concurrently a');
});`,
          },
        },
      ],
    },
    {
      name: 'a fixture of another file, opened in a hook',
      language: 'ts',
      code: `import { beforeEach, test } from 'node:test';
import type { Pool } from 'pg';
import { db } from './db.ts';
let pool: Pool;
beforeEach(async (t) => { pool = await db.rollback(t); });
test('a', async () => { await «pool.query(\`create database copy_\${process.pid}\`)»; });`,
      reports: [
        {
          messageId: 'sandbox',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { beforeEach, test } from 'node:test';
import type { Pool } from 'pg';
import { db } from './db.ts';
let pool: Pool;
beforeEach(async (t) => { pool = await db.clone(t); });
test('a', async () => { await pool.query(\`create database copy_\${process.pid}\`); });`,
          },
        },
      ],
    },
    {
      name: 'between BEGIN and COMMIT',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await «client.query('DROP DATABASE IF EXISTS a')»;
  await client.query('COMMIT');
  client.release();
});`,
      reports: [{ messageId: 'transaction' }],
    },
    {
      name: 'SQLite',
      code: `import { test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';
const database = sqlite();
test('a', async (t) => {
  const db = await database.rollback(t);
  «db.exec('vacuum')»;
});`,
      reports: [
        {
          messageId: 'sandbox',
          suggestion: {
            messageId: 'cloneInstead',
            output: `import { test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';
const database = sqlite();
test('a', async (t) => {
  const db = await database.clone(t);
  db.exec('vacuum');
});`,
          },
        },
      ],
    },
  ],
});
