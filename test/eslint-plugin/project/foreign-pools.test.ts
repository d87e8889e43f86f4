/** A pool that another file keeps and a test uses is ended by somebody: the test, or what is loaded with it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

const lazy = `import { Pool } from 'pg';
let pool = null;
export function getPool() { if (!pool) pool = new Pool(); return pool; }
export async function closePool() { const current = pool; pool = null; await current?.end(); }
`;
const eager = `import { Pool } from 'pg';
export const pool = new Pool();
`;
const asksLazy = `import { before, test } from 'node:test';
import { getPool } from './db.js';
import { seed } from './seed.js';
before(() => seed(getPool()));
test('a', () => getPool().query('select 1'));
`;
const asksEager = `import { test } from 'node:test';
import { pool } from './db.js';
test('a', () => pool.query('select 1'));
`;

describe('a pool of another file that nobody ends', () => {
  const cases: Record<string, readonly [Record<string, string>, string, number]> = {
    'made at the first call': [{ 'db.js': lazy }, asksLazy, 4],
    'made when the file is loaded': [{ 'db.js': eager }, asksEager, 3],
    'in CommonJS': [
      {
        'db.js': `const { Pool } = require('pg');
let pool = null;
function getPool() { if (pool) return pool; pool = new Pool(); return pool; }
async function closePool() { await pool.end(); }
module.exports = { getPool, closePool };`,
      },
      `const test = require('node:test');
const { getPool } = require('./db');
test.before(async () => { await getPool().query('delete from a where b'); });
test('a', () => {});
`,
      3,
    ],
    'while another one is ended': [
      { 'db.js': eager },
      `${asksEager.replace('{ test }', '{ after, test }')}import { server } from './server.js';
after(() => server.close());
`,
      3,
    ],
  };
  for (const [name, [files, code, line]] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, files);
      assert.deepEqual(reportsIn(folder, 'a.test.js', code), [`require-pool-end:${line}`]);
    });
  }
});

describe('nothing is said of a pool of another file', () => {
  const cases: Record<string, readonly [Record<string, string>, string]> = {
    'that the test ends by its function': [
      { 'db.js': lazy },
      asksLazy
        .replace('{ before,', '{ after, before,')
        .replace('{ getPool }', '{ closePool, getPool }')
        .concat('after(() => closePool());\n'),
    ],
    'that the test ends itself': [
      { 'db.js': eager },
      asksEager.replace('{ test }', '{ after, test }').concat('after(() => pool.end());\n'),
    ],
    'that a helper which is loaded with the test ends': [
      {
        'db.js': lazy,
        'helper.js': `import { after } from 'node:test';\nimport { closePool } from './db.js';\nafter(() => closePool());`,
      },
      `${asksLazy}import './helper.js';\n`,
    ],
    'that a helper of the helper may end': [
      {
        'db.js': eager,
        'helper.js': `import './hooks.js';`,
        'hooks.js': `import { pool } from './db.js';\nexport const end = () => pool.end();`,
      },
      `${asksEager}import './helper.js';\n`,
    ],
    'that a preload of the test script ends': [
      {
        'db.js': lazy,
        'setup.js': `import { closePool } from './db.js';\nprocess.on('beforeExit', closePool);`,
        'package.json': JSON.stringify({ scripts: { test: 'node --import ./setup.js --test' } }),
      },
      asksLazy,
    ],
    'whose process is told to end': [
      {
        'db.js': lazy,
        'package.json': JSON.stringify({ scripts: { test: 'node --test --test-force-exit' } }),
      },
      asksLazy,
    ],
    'that savepoint captures': [
      { 'db.js': eager },
      `${asksEager}import { rollbackEach } from 'savepoint/pg';\nrollbackEach(pool, { database });\n`,
    ],
    'that the preload of savepoint captures': [
      {
        'db.js': eager,
        'package.json': JSON.stringify({
          scripts: { test: 'node --import savepoint/rollback --test' },
        }),
      },
      asksEager,
    ],
    'that an app is given': [
      { 'db.js': eager },
      `${asksEager}import { createApp } from './app.js';\nconst app = createApp({ pool });\n`,
    ],
    'that lets the process end': [
      { 'db.js': eager.replace('new Pool()', 'new Pool({ allowExitOnIdle: true })') },
      asksEager,
    ],
    'that is given on by what may end it': [
      { 'db.js': eager },
      `${asksEager.replace('{ test }', '{ after, test }')}import { shutDown } from './app.js';
after(() => shutDown(pool));
`,
    ],
    'beside files that are found': [
      {
        'db.js': eager,
        'app.js': `for (const name of names) await import(name);`,
      },
      `${asksEager}import './app.js';\n`,
    ],
    'of SQLite': [
      {
        'db.js': `import Database from 'better-sqlite3';\nexport const db = new Database(':memory:');`,
      },
      asksEager.replaceAll('pool', 'db'),
    ],
    'that only a helper asks': [
      { 'db.js': eager },
      `import { test } from 'node:test';
import { pool } from './db.js';
export const ask = () => pool.query('select 1');
test('a', () => {});
`,
    ],
    'that is made anew by each call, and held': [
      {
        'db.js': `import { Pool } from 'pg';\nexport const getPool = (url) => new Pool({ connectionString: url });`,
      },
      `import { test } from 'node:test';
import { getPool } from './db.js';
test('a', async (t) => { const db = getPool(url); t.after(() => db.end()); await db.query('select 1'); });
`,
    ],
  };
  for (const [name, [files, code]] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, files);
      assert.deepEqual(reportsIn(folder, 'a.test.js', code), []);
    });
  }
});
