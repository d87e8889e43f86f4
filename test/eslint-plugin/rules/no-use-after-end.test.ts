import { testRule } from '../support/rule-table.ts';

testRule('no-use-after-end', {
  valid: [
    {
      name: 'a server that each test tells to listen again',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
const target = createServer((request, response) => { response.end(); });
test('a', async (t) => {
  await new Promise((resolve) => target.listen(0, resolve));
  t.after(() => target.close());
  await fetch('http://localhost:' + target.address().port);
});
test('b', async (t) => {
  await new Promise((resolve) => target.listen(0, resolve));
  t.after(() => target.close());
  await fetch('http://localhost:' + target.address().port);
});`,
    },
    {
      name: 'a server that a hook tells to listen again',
      code: `const { createServer } = require('node:http');
const { afterEach, beforeEach, test } = require('node:test');
const target = createServer();
beforeEach((t, done) => { target.listen(0, done); });
afterEach((t, done) => { target.close(done); });
test('a', () => fetch('http://localhost:' + target.address().port));`,
    },
    {
      name: 'made and ended for each test',
      code: `import { afterEach, beforeEach, test } from 'node:test';
import { Pool } from 'pg';
let pool;
beforeEach(() => { pool = new Pool(); });
afterEach(() => pool.end());
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'made anew in each test, first at the top',
      code: `import { after, afterEach, test } from 'node:test';
import { Pool } from 'pg';
let pool = new Pool();
afterEach(() => pool.end());
test('a', async () => { pool = new Pool(); await pool.query('select 1'); });`,
    },
    {
      name: 'the last test tears down, nothing uses it later',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
test('a', () => pool.query('select 1'));
test('stop', () => pool.end());`,
    },
    {
      name: 'end of an imported thing that is no pool',
      code: `import { afterEach, test } from 'node:test';
import { stream } from './stream.js';
afterEach(() => stream.end());
test('a', () => stream.write('a'));`,
    },
    {
      name: 'an imported pool, ended once after the file',
      code: `import { after, test } from 'node:test';
import { pool } from '../src/db.js';
after(() => pool.end());
test('a', () => pool.query('select 1'));`,
    },
  ],
  invalid: [
    {
      name: 'a pool of the file, ended after each test',
      code: `import { afterEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
afterEach(() => «pool.end()»);
test('a', () => pool.query('select 1'));`,
      reports: [
        {
          messageId: 'narrower',
          data: {
            resource: 'pool',
            acquired: 'file',
            acquiredLine: '3',
            released: 'test',
            noun: 'pool',
          },
          suggestion: {
            messageId: 'releaseOnce',
            output: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
test('a', () => pool.query('select 1'));`,
          },
        },
      ],
    },
    {
      name: 'ended by a hook that does more, and whose name others call',
      code: `import { afterEach, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
afterEach(async () => { await pool.query('truncate a'); await «pool.end()»; });
test('a', (t) => { afterEach(() => {}); return pool.query('select 1'); });`,
      reports: [{ messageId: 'narrower' }],
    },
    {
      name: 'ended in one test, used in the next',
      language: 'cjs',
      code: `const { before, test } = require('node:test');
const { Pool } = require('pg');
let pool;
before(() => { pool = new Pool(); });
test('a', async () => { await pool.query('select 1'); await «pool.end()»; });
test('b', () => pool.query('select 1'));`,
      reports: [{ messageId: 'narrower' }],
    },
    {
      name: 'an imported pool, ended after each test and in a test',
      language: 'ts',
      code: `import { afterEach, test } from 'node:test';
import { pool } from '../src/db.ts';
import db from '#db';
afterEach(() => «pool.end()»);
test('a', async () => { await db.query('select 1'); await «db.end()»; });`,
      reports: [
        { messageId: 'foreign', data: { resource: 'pool', released: 'test' } },
        { messageId: 'foreign' },
      ],
    },
  ],
});
