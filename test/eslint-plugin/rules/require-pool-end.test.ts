import { testRule } from '../support/rule-table.ts';

testRule('require-pool-end', {
  valid: [
    {
      name: 'a connection that is wanted to fail',
      code: `import { test } from 'node:test';
import mqtt from 'mqtt';
test('rejects', async () => {
  let failed = false;
  try { await mqtt.connectAsync({ port: 1, reconnectPeriod: 0 }); } catch { failed = true; }
  assert.equal(failed, true);
});`,
    },
    {
      name: 'ended after the file',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(() => pool.end());
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'ended by a method reference',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool();
after(pool.end.bind(pool));
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'exported, or given to an app, that may end it',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
export const exported = new Pool();
const given = new Pool();
const app = createApp({ pool: given });
test('a', () => app.request('/'));`,
    },
    {
      name: 'ended by a helper that a hook calls',
      code: `import { after, before, test } from 'node:test';
import { Pool } from 'pg';
let pool;
before(() => { pool = new Pool(); });
async function close(it) { if (it) await it.end(); }
after(() => close(pool));
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'given to an unknown function of a teardown hook',
      code: `import { after, test } from 'node:test';
import { Pool } from 'pg';
import { closeAll } from './helper.js';
const pool = new Pool();
after(() => closeAll([pool]));
test('a', () => pool.query('select 1'));`,
    },
    {
      name: 'await using',
      language: 'ts',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
test('a', async () => {
  await using client = new Client();
  await client.connect();
});`,
    },
    {
      name: 'a connection that is never opened',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
test('a', () => { const client = new Client(); client.escapeLiteral('a'); });`,
    },
    {
      name: 'drizzle over a pool of somebody else',
      code: `import { test } from 'node:test';
import { drizzle } from 'drizzle-orm/node-postgres';
import { pool } from './db.js';
const db = drizzle(pool);
test('a', () => db.execute('select 1'));`,
    },
  ],
  invalid: [
    {
      name: 'a pool of the file that nobody ends',
      code: `import { after, test } from 'node:test';
import { Pool as PgPool } from 'pg';
const pool = «new PgPool()»;
after(() => {});
test('a', async () => { await pool.query('select 1'); });`,
      reports: [
        {
          messageId: 'absent',
          data: { resource: 'pool' },
          suggestion: {
            messageId: 'registerRelease',
            output: `import { after, test } from 'node:test';
import { Pool as PgPool } from 'pg';
const pool = new PgPool();
after(() => pool.end());
after(() => {});
test('a', async () => { await pool.query('select 1'); });`,
          },
        },
      ],
    },
    {
      name: 'CommonJS namespace, connection opened in a hook',
      language: 'cjs',
      code: `const { before, test } = require('node:test');
const pg = require('pg');
let client;
before(async () => {
  client = «new pg.Client()»;
  await client.connect();
});
test('a', async () => { await client.query('select 1'); });`,
      reports: [
        {
          messageId: 'absent',
          suggestion: {
            messageId: 'registerRelease',
            output: `const { after, before, test } = require('node:test');
const pg = require('pg');
let client;
before(async () => {
  client = new pg.Client();
  await client.connect();
});
after(() => client.end());
test('a', async () => { await client.query('select 1'); });`,
          },
        },
      ],
    },
    {
      name: 'a resource of the settings',
      code: `import { test } from 'node:test';
import { openStore } from '#store';
const store = «openStore()»;
test('a', () => store.read());`,
      settings: {
        savepoint: {
          resources: [
            {
              module: '#store',
              export: 'openStore',
              kind: 'pool',
              acquiredBy: 'call',
              releasedBy: ['shut'],
            },
          ],
        },
      },
      reports: [
        {
          messageId: 'absent',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { after, test } from 'node:test';
import { openStore } from '#store';
const store = openStore();
after(() => store.shut());
test('a', () => store.read());`,
          },
        },
      ],
    },
  ],
});
