import { testRule } from '../support/rule-table.ts';

const head = `import { after, afterEach, before, test } from 'node:test';
import { Client, Pool } from 'pg';
const name = \`test_\${process.pid}\`;
const admin = new Client();
`;
const container = `import { after, before, test } from 'node:test';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { Pool } from 'pg';
const container = await new PostgreSqlContainer('postgres:17').start();
`;

testRule('require-pool-error-listener', {
  valid: [
    {
      name: 'ended before its database is dropped',
      code: `${head}const pool = new Pool({ database: name });
after(async () => {
  await pool.end();
  await admin.query(\`drop database \${name} with (force)\`);
  await admin.end();
});
test('a', async () => { await pool.query('select 1'); });`,
    },
    {
      name: 'listened to',
      code: `${head}const pool = new Pool({ database: name });
pool.on('error', () => {});
after(async () => {
  await admin.query(\`drop database \${name} with (force)\`);
  await pool.end();
});
test('a', async () => { await pool.query('select 1'); });`,
    },
    {
      name: 'the database is another one, of the same server',
      code: `${head}const host = 'localhost';
const pool = new Pool({ host });
test('a', async () => {
  await admin.query(\`create database \${name}\`);
  await pool.query('select 1');
  await admin.query(\`drop database \${name} with (force)\`);
});
after(() => pool.end());`,
    },
    {
      name: 'dropped before the pool is there, and before all tests',
      code: `${head}let pool;
before(async () => {
  await admin.query(\`drop database if exists \${name} with (force)\`);
  await admin.query(\`create database \${name}\`);
  pool = new Pool({ database: name });
});
after(() => pool.end());
test('a', async () => { await pool.query('select 1'); });`,
    },
    {
      name: 'terminates a client of its own; drops without force',
      code: `${head}const connectionString = process.env.TEST_DATABASE_URL;
const pool = new Pool({ connectionString });
const listener = new Client({ connectionString });
listener.on('error', () => {});
test('a', async () => {
  await listener.connect();
  const { rows } = await listener.query('select pg_backend_pid() as pid');
  await pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
});
after(async () => { await admin.query(\`drop database \${name}\`); await pool.end(); });`,
    },
    {
      name: 'the pool has itself terminated: its query hears that',
      language: 'cjs',
      code: `const { after, test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async (t) => {
  const { rows } = await pool.query('select pg_backend_pid() as pid');
  await t.assert.rejects(pool.query('select pg_terminate_backend($1)', [rows[0].pid]));
});
after(() => pool.end());`,
    },
    {
      name: 'given to others, who may listen',
      code: `${head}import { createApp } from './app.js';
const pool = new Pool({ database: name });
const app = createApp({ pool });
after(async () => {
  await admin.query(\`drop database \${name} with (force)\`);
  await pool.end();
});
test('a', async () => { await app.request('/'); });`,
    },
    {
      name: 'a container that stops last, or is not the pool’s',
      code: `${container}const pool = new Pool({ connectionString: container.getConnectionUri() });
const other = new Pool();
after(async () => {
  await pool.end();
  await container.stop();
  await other.end();
});
test('a', async () => { await pool.query('select 1'); });`,
    },
  ],
  invalid: [
    {
      name: 'its database is dropped first',
      code: `${head}const pool = «new Pool({ database: name })»;
after(async () => {
  await admin.query(\`drop database \${name} with (force)\`);
  await pool.end();
});
test('a', async () => { await pool.query('select 1'); });`,
      reports: [{ messageId: 'unheard', data: { pool: 'pool', line: '7' } }],
    },
    {
      name: 'in a hook that is registered earlier',
      language: 'ts',
      code: `${head}let pool: Pool;
before(async () => {
  const connectionString = \`postgres://localhost/\${name}\`;
  pool = «new Pool({ connectionString })»;
});
after(async () => {
  await admin.query(\`select pg_terminate_backend(pid) from pg_stat_activity where datname = '\${name}'\`);
});
after(() => pool.end());
test('a', async () => { await pool.query('select 1'); });`,
      reports: [{ messageId: 'unheard', data: { pool: 'pool', line: '11' } }],
    },
    {
      name: 'its connection is terminated in a test',
      language: 'cjs',
      code: `const { after, test } = require('node:test');
const pg = require('pg');
const app = «new pg.Pool()»;
const admin = new pg.Pool();
after(() => Promise.all([app.end(), admin.end()]));
test('a', async () => {
  const { rows } = await app.query('select pg_backend_pid() as pid');
  await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
});`,
      reports: [{ messageId: 'unheard', data: { pool: 'app', line: '8' } }],
    },
    {
      name: 'its server is stopped first',
      code: `${container}const pool = «new Pool({ connectionString: container.getConnectionUri() })»;
after(async () => {
  await container.stop();
  await pool.end();
});
test('a', async () => { await pool.query('select 1'); });`,
      reports: [{ messageId: 'unheard', data: { pool: 'pool', line: '7' } }],
    },
  ],
});
