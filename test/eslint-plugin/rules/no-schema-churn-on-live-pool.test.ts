import { testRule } from '../support/rule-table.ts';

testRule('no-schema-churn-on-live-pool', {
  valid: [
    {
      name: 'once, before the tests',
      code: `import { before, beforeEach, test } from 'node:test';
import postgres from 'postgres';
const sql = postgres(process.env.URL);
before(async () => { await sql\`drop schema if exists a cascade\`; });
beforeEach(async () => { await sql\`create table if not exists a.b (c int)\`; await sql\`truncate a.b\`; });
test('a', async () => { await sql\`alter table a.b add d int\`; });`,
    },
    {
      name: 'pg prepares nothing that has no name',
      code: `import { beforeEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
beforeEach(async () => { await pool.query('drop schema public cascade'); });
test('a', async () => { await pool.query({ text: 'select 1' }); });`,
    },
    {
      name: 'a pool of each test',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import postgres from 'postgres';
let sql;
beforeEach(async () => { sql = postgres(process.env.URL); await sql\`drop table if exists a\`; });
afterEach(() => sql.end());
test('a', async () => { await sql\`select 1\`; });`,
    },
    {
      name: 'databases in memory, synchronised without force',
      code: `import { beforeEach, test } from 'node:test';
import { Sequelize } from 'sequelize';
import Database from 'better-sqlite3';
import { models, options } from './models.js';
const memory = new Sequelize('sqlite::memory:');
const lite = new Sequelize({ dialect: 'sqlite', storage: ':memory:' });
const unknown = new Sequelize(options);
const server = new Sequelize(process.env.URL);
const db = new Database(':memory:');
beforeEach(async () => {
  await memory.sync({ force: true });
  await lite.sync({ force: true });
  await unknown.sync({ force: true });
  await models.sync({ force: true });
  await server.sync();
  await server.sync({ alter: false, force: false });
  db.exec('drop table a');
});
test('a', () => {});`,
    },
    {
      name: 'half a call',
      code: `import { beforeEach } from 'node:test';
import postgres from 'postgres';
const sql = postgres();
beforeEach(async () => { await sql\`\`; await sql.unsafe(); await sql.sync(); });`,
    },
  ],
  invalid: [
    {
      name: 'libraries that prepare by themselves',
      code: `import { after, beforeEach, test } from 'node:test';
import { PrismaClient } from '@prisma/client';
import postgres from 'postgres';
const sql = postgres(process.env.URL);
const prisma = new PrismaClient();
beforeEach(async () => {
  await «sql\`DROP SCHEMA public CASCADE\`»;
  await sql\`CREATE SCHEMA public\`;
  await «prisma.$executeRawUnsafe('drop table if exists users')»;
});`,
      reports: [
        { messageId: 'churn', data: { statement: 'DROP SCHEMA public CASCADE' } },
        { messageId: 'churn' },
      ],
    },
    {
      name: 'a named statement of pg, a client of the pool',
      language: 'cjs',
      code: `const { afterEach, test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
const all = { name: 'all', text: 'select * from a' };
afterEach(async () => {
  const client = await pool.connect();
  await «client.query('alter table a drop column b')»;
  client.release();
});
test('a', () => pool.query(all));`,
      reports: [{ messageId: 'churn' }],
    },
    {
      name: 'Sequelize',
      language: 'ts',
      code: `import { beforeEach, test } from 'node:test';
import { Sequelize } from 'sequelize';
const sequelize = new Sequelize(process.env.URL!);
beforeEach(async () => { await «sequelize.sync({ force: true })»; });`,
      reports: [{ messageId: 'churn', data: { statement: 'sequelize.sync({ force: true })' } }],
    },
  ],
});
