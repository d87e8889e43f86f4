/** What a hook does to a shared database by way of a function of another file is reported where it is called. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

const code = `import { after, before, beforeEach, test } from 'node:test';
import { migrateAll, pool, resetDatabase } from './helper.js';
before(migrateAll);
beforeEach(async () => { await resetDatabase(); });
after(() => pool.end());
test('a', () => {});
`;
const POOL = `import { Pool } from 'pg';
export const pool = new Pool({ connectionString: process.env.DATABASE_URL });
`;
const emptied = ['no-shared-truncate:4'];
const migrated = ['no-concurrent-migrations:3'];
const NOTHING = 'export const [migrateAll, resetDatabase] = [() => {}, () => {}];';

describe('a function of another file that hooks call', () => {
  const cases: Record<string, { files: Record<string, string>; expected: string[] }> = {
    'empties each table of a list': {
      files: {
        'helper.js': `${POOL}
const TABLES = ['users', 'teams'];
export async function resetDatabase() {
  for (const table of TABLES) await pool.query(\`truncate table \${table} cascade\`);
}
export function migrateAll() {}`,
      },
      expected: emptied,
    },
    'empties a joined list, and one that it maps': {
      files: {
        'helper.js': `export { pool } from './db.js';
import { pool } from './db.js';
const TABLES = ['users', 'teams'];
export const resetDatabase = () => pool.query(\`truncate \${TABLES.map((name) => '"' + name + '"').join(', ')}\`);
export const migrateAll = () => Promise.all(TABLES.map((table) => pool.query(\`drop table if exists \${table}\`)));`,
        'db.js': POOL,
      },
      expected: [...migrated, ...emptied],
    },
    'does so by way of another function': {
      files: {
        'helper.js': `export { pool } from './db.js';
import { ensureSchema, truncateAll } from './db.js';
let ready;
export function migrateAll() { return (ready ??= ensureSchema()); }
export async function resetDatabase() { await migrateAll(); await truncateAll(); }`,
        'db.js': `${POOL}
export async function ensureSchema() { await pool.query('create table if not exists users (id int)'); }
export async function truncateAll() { await pool.query('delete from users'); }`,
      },
      expected: [...migrated, ...emptied],
    },
    'migrates under an advisory lock': {
      files: {
        'helper.js': `${POOL}
export async function migrateAll() {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock(1)');
    await client.query('create table if not exists users (id int)');
  } finally { client.release(); }
}
export function resetDatabase() {}`,
      },
      expected: [],
    },
    'removes only what the test made': {
      files: {
        'helper.js': `${POOL}
export const resetDatabase = () => pool.query('delete from users where run = $1', [process.pid]);
export function migrateAll() {}`,
      },
      expected: [],
    },
    'empties tables whose names it works out': {
      files: {
        'helper.js': `${POOL}
import { tables } from './tables.js';
export async function resetDatabase() {
  for (const table of tables()) await pool.query(\`truncate table \${table}\`);
}
export function migrateAll() {}`,
      },
      expected: [],
    },
    'empties a database of this process': {
      files: {
        'helper.js': `import { Pool } from 'pg';
export const pool = new Pool({ database: \`test_\${process.pid}\` });
export const resetDatabase = () => pool.query('truncate users');
export const migrateAll = () => pool.query('create table users (id int)');`,
      },
      expected: [],
    },
    'does nothing of the kind, as far as is known': {
      files: { 'helper.js': `${POOL}\n${NOTHING}` },
      expected: [],
    },
  };

  for (const [name, { files, expected }] of Object.entries(cases)) {
    test(name, async (t) => {
      const folder = await projectFolder(t, files);
      assert.deepEqual(reportsIn(folder, 'a.test.js', code), expected);
    });
  }
});
