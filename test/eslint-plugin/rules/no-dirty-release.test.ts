import { testRule } from '../support/rule-table.ts';

const head = `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
`;

testRule('no-dirty-release', {
  valid: [
    {
      name: 'ROLLBACK in catch, or in finally',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally { client.release(); }
});
test('b', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    if (done) return;
    await client.query('select 1');
  } finally {
    await client.query('ROLLBACK').catch(() => {});
    client.release();
  }
});
test('c', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  try {
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  } finally { client.release(); }
});`,
    },
    {
      name: 'the connection is thrown away',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  let failed;
  try {
    await client.query('BEGIN');
    await client.query('COMMIT');
  } catch (error) { failed = error; } finally { client.release(failed); }
});
test('b', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  client.release(true);
});`,
    },
    {
      name: 'another function ends it, or releases it',
      code: `${head}test('a', async (t) => {
  const client = await pool.connect();
  t.after(() => client.release());
  await client.query('BEGIN');
  await finish(client);
});
test('b', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await finish({ client });
  } finally { client.release(); }
});
async function begin() {
  const client = await pool.connect();
  await client.query('BEGIN');
  return client;
}`,
    },
    {
      name: 'one statement or another ends it, or one that is not shown',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(enough ? 'COMMIT' : 'ROLLBACK');
  client.release();
});
test('b', async () => {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(statement);
  client.release();
});`,
    },
    {
      name: 'a return after the end, or in a function of its own',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const names = rows.map((row) => { return row.name; });
    await client.query('COMMIT');
    return names;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally { client.release(); }
});
test('b', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    return await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally { client.release(); }
});`,
    },
    {
      name: 'released in hooks, which end it as well',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
let client;
beforeEach(async () => { client = await pool.connect(); await client.query('BEGIN'); });
afterEach(async () => { await client.query('ROLLBACK'); client.release(); });
test('a', async () => { await client.query('select 1'); });`,
    },
    {
      name: 'a connection of its own is not released',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
test('a', async () => {
  const client = new Client();
  await client.connect();
  try { await client.query('BEGIN'); await client.query('COMMIT'); } finally { await client.end(); }
});`,
    },
  ],
  invalid: [
    {
      name: 'nothing ends it',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  await «client.query('BEGIN')»;
  await client.query('select 1');
  client.release();
});`,
      reports: [
        { messageId: 'open', data: { client: 'client', begunLine: '6', releaseLine: '8' } },
      ],
    },
    {
      name: 'an early return',
      language: 'cjs',
      code: `const { test } = require('node:test');
async function reserve(pool, amount) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query('select 1 as stock');
    if (rows[0].stock < amount) «return false;»
    await client.query('commit');
    return true;
  } finally {
    client.release();
  }
}
test('a', () => reserve());`,
      reports: [
        { messageId: 'returns', data: { client: 'client', begunLine: '5', releaseLine: '11' } },
      ],
    },
    {
      name: 'an error skips COMMIT and nothing rolls back',
      language: 'ts',
      code: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await «client.query('BEGIN')»;
    await client.query('insert into a values (1)');
    await client.query('COMMIT');
  } finally {
    client.release();
  }
});`,
      reports: [
        {
          messageId: 'throws',
          data: { client: 'client', begunLine: '7', releaseLine: '11' },
          suggestion: {
            messageId: 'rollBack',
            output: `${head}test('a', async () => {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('insert into a values (1)');
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
});`,
          },
        },
      ],
    },
  ],
});
