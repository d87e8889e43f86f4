/** Whether an imported pool is of a database that other processes use is read where it is made. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

const code = `import { after, beforeEach, test } from 'node:test';
import { pool } from './db.js';
beforeEach(() => pool.query('truncate users'));
after(() => pool.end());
test('a', () => {});
`;
const emptied = ['no-shared-truncate:3'];

describe('an imported pool that a test empties', () => {
  const cases: Record<string, { files: Record<string, string>; expected: string[] }> = {
    'of an address in the environment': {
      files: {
        'db.js': `import { Pool } from 'pg';
export const pool = new Pool({ connectionString: process.env.DATABASE_URL });`,
      },
      expected: emptied,
    },
    'of an address that a third file writes down': {
      files: {
        'db.js': `import { Pool } from 'pg';
import { url } from './config.js';
export const pool = new Pool({ connectionString: url });`,
        'config.js': `export const url = process.env.DATABASE_URL ?? 'postgres://localhost/test';`,
      },
      expected: emptied,
    },
    'made by a function that is given the address': {
      files: {
        'db.js': `import { Pool } from 'pg';
const makePool = (connectionString) => new Pool({ connectionString });
export const pool = makePool('postgres://localhost/test');`,
      },
      expected: emptied,
    },
    'of a database of this process': {
      files: {
        'db.js': `import { Pool } from 'pg';
export const pool = new Pool({ database: \`test_\${process.pid}\` });`,
      },
      expected: [],
    },
    'made by a function that is given the name of its own': {
      files: {
        'db.js': `import { Pool } from 'pg';
const makePool = (database) => new Pool({ database });
export const pool = makePool(\`test_\${process.pid}\`);`,
      },
      expected: [],
    },
    'of an address that a function checks and answers': {
      files: {
        'db.js': `import { Pool } from 'pg';
import { required } from './config.js';
export const pool = new Pool({ connectionString: required(process.env.DATABASE_URL) });`,
        'config.js': `export function required(value = process.env.URL) { if (!value) throw new Error('no'); return value; }`,
      },
      expected: emptied,
    },
    'of an address that a function works out': {
      files: {
        'db.js': `import { Pool } from 'pg';
import { addressOf } from './config.js';
export const pool = new Pool({ connectionString: addressOf(process.env.DATABASE_URL) });`,
        'config.js': `export function addressOf(value) { const url = new URL(value); url.pathname = process.pid; return url.href; }`,
      },
      expected: [],
    },
    'of an address that a package works out': {
      files: {
        'db.js': `import { Pool } from 'pg';
import { addressOf } from 'addresses';
export const pool = new Pool({ connectionString: addressOf(process.env.DATABASE_URL) });`,
      },
      expected: [],
    },
    'made by a function that works out the name': {
      files: {
        'db.js': `import { Pool } from 'pg';
function makePool() { const database = 'test_' + process.pid; return new Pool({ database }); }
export const pool = makePool();`,
      },
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
