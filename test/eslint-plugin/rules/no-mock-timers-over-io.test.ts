/** Pools that are used while a test has mocked the timers they wait on. */
import { testRule } from '../support/rule-table.ts';

const POOL = `import { after, mock, test } from 'node:test';
import pg from 'pg';
const pool = new pg.Pool();
after(() => pool.end());`;

testRule('no-mock-timers-over-io', {
  valid: [
    {
      name: 'the date alone, or other timers',
      code: `${POOL}
test('a', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  await pool.query('select 1');
});
test('b', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  await pool.query('select 1');
});`,
    },
    {
      name: 'asked before and after',
      code: `${POOL}
test('a', async (t) => {
  await pool.query('select 1');
  t.mock.timers.enable();
  t.mock.timers.tick(10);
  t.mock.timers.reset();
  await pool.query('select 1');
});`,
    },
    {
      name: 'no pool',
      code: `import { test } from 'node:test';
test('a', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  await client.query('select 1');
  await fetch('http://localhost');
});`,
    },
    {
      name: 'options that are not seen',
      code: `${POOL}
import { apis, options } from './timers.js';
test('a', async (t) => {
  t.mock.timers.enable(options);
  await pool.query('select 1');
});
test('b', async (t) => {
  t.mock.timers.enable({ ...options });
  await pool.query('select 1');
});
test('c', async (t) => {
  t.mock.timers.enable({ apis });
  await pool.query('select 1');
});`,
    },
    {
      name: 'something else that is enabled',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async () => {
  feature.enable();
  await pool.query('select 1');
});`,
      language: 'cjs',
    },
  ],
  invalid: [
    {
      name: 'every timer',
      code: `${POOL}
test('a', async (t) => {
  «t.mock.timers.enable()»;
  await pool.query('select 1');
});`,
      reports: [
        {
          messageId: 'frozen',
          data: { use: 'pool.query()', line: '7' },
          suggestion: {
            messageId: 'mockDate',
            output: `${POOL}
test('a', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  await pool.query('select 1');
});`,
          },
        },
      ],
    },
    {
      name: 'a clock that is set, and a list that names setTimeout',
      code: `${POOL}
test('a', async (t) => {
  «t.mock.timers.enable({ now: 0 })»;
  await pool.query('select 1');
});
test('b', async (t) => {
  «t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })»;
  await pool.query('select 1');
});`,
      reports: [
        {
          messageId: 'frozen',
          suggestion: {
            messageId: 'mockDate',
            output: `${POOL}
test('a', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 0 });
  await pool.query('select 1');
});
test('b', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  await pool.query('select 1');
});`,
          },
        },
        {
          messageId: 'frozen',
          suggestion: {
            messageId: 'mockDate',
            output: `${POOL}
test('a', async (t) => {
  t.mock.timers.enable({ now: 0 });
  await pool.query('select 1');
});
test('b', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  await pool.query('select 1');
});`,
          },
        },
      ],
    },
    {
      name: 'a client given back, while the test ticks',
      code: `const { test } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
test('a', async (t) => {
  const client = await pool.connect();
  «t.mock.timers.enable({ apis: ['setTimeout'] })»;
  client.release();
  t.mock.timers.tick(1000);
});`,
      language: 'cjs',
      reports: [{ messageId: 'frozen', data: { use: 'client.release()', line: '7' } }],
    },
    {
      name: 'the old list of timers',
      code: `${POOL}
test('a', async () => {
  «mock.timers.enable(['setTimeout'])»;
  await pool.query('select 1');
});`,
      reports: [
        {
          messageId: 'frozen',
          suggestion: {
            messageId: 'mockDate',
            output: `${POOL}
test('a', async () => {
  mock.timers.enable({ apis: ['Date'] });
  await pool.query('select 1');
});`,
          },
        },
      ],
    },
  ],
});
