import { testRule } from '../support/rule-table.ts';

const pool = `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
`;

testRule('no-late-activity', {
  valid: [
    {
      name: 'awaited, returned, stored, passed on, handled',
      code: `${pool}test('a', async () => { await pool.query('select 1'); });
test('b', () => pool.query('select 1'));
test('c', async () => { const asked = pool.query('select 1'); await asked; });
test('d', async () => { await Promise.all([pool.query('select 1')]); });
test('e', (t, done) => { pool.query('select 1', done); });
test('f', (t, done) => { pool.query('select 1').then(() => done(), done); });`,
    },
    {
      name: 'a query of something unknown',
      code: `${pool}test('a', () => { other.query('select 1'); });`,
    },
  ],
  invalid: [
    {
      name: 'nobody waits for the query',
      code: `${pool}test('a', async () => {
  «pool.query('insert into a values (1)')»;
});`,
      reports: [
        {
          messageId: 'floating',
          data: { call: 'pool.query()' },
          suggestion: {
            messageId: 'awaitCall',
            output: `${pool}test('a', async () => {
  await pool.query('insert into a values (1)');
});`,
          },
        },
      ],
    },
    {
      name: 'in a hook that is not asynchronous, of a client',
      code: `import { beforeEach, test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
await client.connect();
beforeEach(() => { «client.query('delete from a')»; });
test('a', () => {});`,
      reports: [
        {
          messageId: 'floating',
          suggestion: {
            messageId: 'awaitCall',
            output: `import { beforeEach, test } from 'node:test';
import { Client } from 'pg';
const client = new Client();
await client.connect();
beforeEach(async () => { await client.query('delete from a'); });
test('a', () => {});`,
          },
        },
      ],
    },
  ],
});
