import { testRule } from '../support/rule-table.ts';

testRule('no-concurrent-migrations', {
  valid: [
    {
      name: 'a private database in memory',
      code: `import { before, test } from 'node:test';
import Database from 'better-sqlite3';
import { PGlite } from '@electric-sql/pglite';
const db = new Database(':memory:');
const pglite = new PGlite();
before(async () => { db.exec('create table a (b int)'); await pglite.query('create table a (b int)'); });
test('a', () => {});`,
    },
    {
      name: 'a schema or database of this run',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
const schema = 'run_' + process.pid;
const admin = new Pool();
const own = new Pool({ connectionString: \`postgres://localhost/\${schema}\` });
before(async () => {
  await admin.query(\`create schema \${schema}\`);
  const client = await own.connect();
  await client.query('create table a (b int)');
});
test('a', () => {});`,
    },
    {
      name: 'the same, of a database of this run held in an object',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
const context = { own: new Pool({ database: \`run_\${process.pid}\` }), other: undefined, name: 'a' };
before(async () => {
  await context.own.query('create table a (b int)');
  await context.other.query('create table a (b int)');
  await context[name].query('create table a (b int)');
});
test('a', () => {});`,
    },
    {
      name: 'rows, temporary tables, text that only mentions tables',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  await pool.query("insert into log values ('drop table a')");
  await pool.query('create temp table a (b int)');
  await other.query('drop table a');
});`,
    },
    {
      name: 'a temporary table that is altered',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
test('a', async () => {
  await client.connect();
  await client.query('CREATE TEMP TABLE foo (a int)');
  await client.query('ALTER TABLE foo ADD COLUMN b text');
});`,
    },
    {
      name: 'a test of the migrator',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
import { migrate } from '../src/migrate.js';
const pool = new Pool();
test('a', async () => { await migrate(pool); });`,
    },
    {
      name: 'a server that the file starts for itself, a search path of its own',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
let pool;
before(async () => {
  const container = await new PostgreSqlContainer().start();
  pool = new Pool({ connectionString: container.getConnectionUri() });
  await pool.query('create table a (b int)');
});
test('a', () => {});`,
    },
    {
      name: 'a search path of its own',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool({ max: 1 });
before(async () => {
  await pool.query(\`set search_path to run_\${process.pid}\`);
  await pool.query('create table a (b int)');
});
test('a', () => {});`,
    },
    {
      name: 'emptying a table is another rule’s',
      code: `import { before, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
before(() => pool.query('truncate a'));
test('a', () => {});`,
    },
    {
      name: 'migrate of a database it finds by itself: unknown',
      code: `import { before } from 'node:test';
import { migrate } from '#testing';
before(migrate);`,
    },
    {
      name: 'the clean-up of what the test made',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.query('drop table a'));
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'through what an object holds',
      language: 'ts',
      code: `import { test } from 'node:test';
import pg from 'pg';
test('a', async () => {
  await using context = {
    client: new pg.Client(process.env.DATABASE_URL),
    async [Symbol.asyncDispose]() { await this.client.end(); },
  };
  await context.client.connect();
  await «context.client.query('drop table if exists public.migrations')»;
});`,
      reports: [
        {
          messageId: 'schema',
          data: { statement: 'drop table if exists public.migrations' },
        },
      ],
    },
    {
      name: 'in hooks, at the top, in a helper of the file; through pool and client',
      code: `import { before, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
import { migrate } from '../src/migrate.js';
let pool;
const SCHEMA = 'CREATE TABLE IF NOT EXISTS a (b int)';
before(async () => {
  pool = new Pool();
  await «pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public;')»;
  await «migrate(pool)»;
  const client = await pool.connect();
  await «client.query(SCHEMA)»;
});
beforeEach(() => widen());
async function widen() { await «pool.query(\`
  -- for the new column
  alter table a add c int\`)»; }
test('a', () => {});`,
      reports: [
        {
          messageId: 'schema',
          data: { statement: 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;' },
        },
        { messageId: 'schema', data: { statement: 'migrate(pool)' } },
        { messageId: 'schema', data: { statement: 'CREATE TABLE IF NOT EXISTS a (b int)' } },
        {
          messageId: 'schema',
          data: { statement: '-- for the new column alter table a add c int' },
        },
      ],
    },
    {
      name: 'TypeScript, a query object, in a test',
      language: 'ts',
      code: `import { test } from 'node:test';
import pg from 'pg';
const client: pg.Client = new pg.Client();
test('a', async () => { await client.connect(); await «client.query({ text: 'alter table a add c int' })»; });`,
      reports: [{ messageId: 'schema' }],
    },
  ],
});
