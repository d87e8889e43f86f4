import { testRule } from '../support/rule-table.ts';

testRule('no-nested-checkout', {
  valid: [
    {
      name: 'before BEGIN, after COMMIT, through the client',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  await pool.query('select 1');
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('select 1');
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    await pool.query('insert into log values (1)');
    throw error;
  } finally { client.release(); }
  await pool.query('select 1');
});`,
    },
    {
      name: 'a second client, on purpose; what only refers to the pool',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async (t) => {
  const one = await pool.connect();
  await one.query('BEGIN');
  const two = await pool.connect();
  await two.query('select 1');
  t.diagnostic(String(pool.totalCount));
  const look = () => pool.query('select 1');
  await one.query('COMMIT');
  await look();
});`,
    },
    {
      name: 'the transaction is handed on in options',
      code: `import { test } from 'node:test';
import { sequelize } from './models.js';
import knex from 'knex';
const db = knex({ client: 'pg' });
test('a', async () => {
  await sequelize.transaction(async (transaction) => {
    await sequelize.query('select 1', { transaction });
  });
  await db.transaction(async (trx) => {
    await db('users').insert({}).transacting(trx);
    await trx('users').update({ at: db.fn.now(), by: db.raw('default') });
  });
});`,
    },
    {
      name: 'a builder of the outer db inside a query of the transaction',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async () => {
  await db.transaction(async (tx) => {
    const ids = db.select({ id: users.id }).from(users);
    await tx.delete(posts).where(inArray(posts.user, ids));
  });
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom(db.selectFrom('a').as('b')).execute();
  });
});`,
    },
    {
      name: 'transactions of better-sqlite3 are of the handle',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
test('a', () => { db.transaction((rows) => { for (const row of rows) db.prepare('select ?').run(row); })([]); });`,
    },
    {
      name: 'a callback without the transaction, or one that is no function',
      code: `import { test } from 'node:test';
import { db, work } from './db.js';
test('a', async () => {
  await db.transaction(async () => { await db.insert(users); });
  await db.transaction(work);
  await db.transaction();
});`,
    },
    {
      name: 'begin and tx of other things',
      code: `import { test } from 'node:test';
import { span, ethers } from './other.js';
test('a', async () => {
  await span.begin(async (child) => { await span.end(); });
  await ethers.tx(async (signed) => { await ethers.send(); });
});`,
    },
    {
      name: 'its own pool of the same name',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  { const pool = other(); await pool.query('select 1'); }
  await client.query('COMMIT');
  client.release();
});`,
    },
  ],
  invalid: [
    {
      name: 'between BEGIN and COMMIT',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  const { rows } = await «pool».query('select 1');
  await client.query('COMMIT');
  client.release();
});`,
      reports: [
        {
          messageId: 'past',
          data: { outer: 'pool', handle: 'client', line: '6' },
          suggestion: {
            messageId: 'useTransaction',
            output: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  const { rows } = await client.query('select 1');
  await client.query('COMMIT');
  client.release();
});`,
          },
        },
      ],
    },
    {
      name: 'in callbacks of libraries',
      language: 'ts',
      code: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async () => {
  await db.transaction(async (tx) => { await «db».insert(users).values({}); });
});`,
      reports: [
        {
          messageId: 'past',
          data: { outer: 'db', handle: 'tx', line: '4' },
          suggestion: {
            messageId: 'useTransaction',
            output: `import { test } from 'node:test';
import { db } from './db.js';
test('a', async () => {
  await db.transaction(async (tx) => { await tx.insert(users).values({}); });
});`,
          },
        },
      ],
    },
    {
      name: 'behind several names, in a list, by a tag',
      language: 'cjs',
      code: `const { test } = require('node:test');
const { db } = require('./db');
test('a', () => db.transaction().execute(async (trx) => {
  return Promise.all([trx.deleteFrom('a').execute(), «db».deleteFrom('b').execute()]);
}));`,
      reports: [
        {
          messageId: 'past',
          suggestion: {
            messageId: 'useTransaction',
            output: `const { test } = require('node:test');
const { db } = require('./db');
test('a', () => db.transaction().execute(async (trx) => {
  return Promise.all([trx.deleteFrom('a').execute(), trx.deleteFrom('b').execute()]);
}));`,
          },
        },
      ],
    },
    {
      name: 'Prisma, in an arrow that answers the promise',
      code: `import { test } from 'node:test';
import { prisma } from './db.js';
test('a', async () => {
  await prisma.$transaction(async (tx) => Promise.all(names.map((name) => «prisma».user.create({ data: { name } }))));
});`,
      reports: [
        {
          messageId: 'past',
          suggestion: {
            messageId: 'useTransaction',
            output: `import { test } from 'node:test';
import { prisma } from './db.js';
test('a', async () => {
  await prisma.$transaction(async (tx) => Promise.all(names.map((name) => tx.user.create({ data: { name } }))));
});`,
          },
        },
      ],
    },
    {
      name: 'postgres.js',
      code: `import { test } from 'node:test';
import postgres from 'postgres';
const sql = postgres(process.env.URL, { max: 2 });
test('a', async () => {
  await sql.begin('read write', async (tx) => { await «sql»\`insert into a values (1)\`; });
});`,
      reports: [
        {
          messageId: 'past',
          suggestion: {
            messageId: 'useTransaction',
            output: `import { test } from 'node:test';
import postgres from 'postgres';
const sql = postgres(process.env.URL, { max: 2 });
test('a', async () => {
  await sql.begin('read write', async (tx) => { await tx\`insert into a values (1)\`; });
});`,
          },
        },
      ],
    },
  ],
});
