import { testRule } from '../support/rule-table.ts';

testRule('no-shared-sqlite-file', {
  valid: [
    {
      name: 'in memory',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
import { DatabaseSync } from 'node:sqlite';
const db = new Database(':memory:');
const temporary = new Database('');
const none = new Database();
const shared = new DatabaseSync('file::memory:?cache=shared');
const named = new DatabaseSync('file:a?mode=memory&cache=shared');
test('a', () => {});`,
    },
    {
      name: 'a directory of this test, a name of this process',
      code: `import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
const directory = mkdtempSync(join(tmpdir(), 'a-'));
const db = new Database(join(directory, 'a.db'));
const other = new Database(\`test-\${process.pid}.db\`);
test('a', (t) => {
  const own = new Database(join(tempDir(t), 'a.db'));
  const given = new Database(process.env.DATABASE_FILE);
});`,
    },
    {
      name: 'a fixture that is only read',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
import { DatabaseSync } from 'node:sqlite';
const db = new Database('test/fixtures/a.db', { readonly: true });
const other = new DatabaseSync('test/fixtures/a.db', { readOnly: true });
test('a', () => {});`,
    },
    {
      name: 'a path that cannot be opened',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
test('a', () => { assert.throws(() => new Database('/nowhere/a.db'), /directory does not exist/); });`,
    },
    {
      name: 'relative to a directory of its own',
      code: `import { before, test } from 'node:test';
import Database from 'better-sqlite3';
before(() => process.chdir(makeDirectory()));
test('a', () => { const db = new Database('a.db'); });`,
    },
    {
      name: 'another Database, a helper that nobody here calls',
      code: `import { test } from 'node:test';
import { Database } from './database.js';
import Sqlite from 'better-sqlite3';
const db = new Database('a.db');
export function open() { return new Sqlite('a.db'); }
test('a', () => {});`,
    },
  ],
  invalid: [
    {
      name: 'by its name: in memory is as good',
      code: `import { after, test } from 'node:test';
import Database from 'better-sqlite3';
const db = «new Database('./test.db')»;
after(() => db.close());`,
      reports: [
        {
          messageId: 'file',
          data: { path: "'./test.db'" },
          suggestion: {
            messageId: 'inMemory',
            output: `import { after, test } from 'node:test';
import Database from 'better-sqlite3';
const db = new Database(':memory:');
after(() => db.close());`,
          },
        },
      ],
    },
    {
      name: 'a file that is also deleted: no suggestion',
      language: 'cjs',
      code: `const fs = require('node:fs');
const { beforeEach, afterEach } = require('node:test');
const { DatabaseSync } = require('node:sqlite');
let db;
beforeEach(() => { db = «new DatabaseSync('test.db')»; });
afterEach(() => { db.close(); fs.rmSync('test.db'); });`,
      reports: [{ messageId: 'file' }],
    },
    {
      name: 'a path of fixed parts',
      language: 'ts',
      code: `import { tmpdir } from 'node:os';
import path, { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import Database from 'better-sqlite3';
const FILE = path.resolve(import.meta.dirname, '..', 'test.db');
test('a', () => {
  const one = «new Database(FILE)»;
  const two = «new Database(join(tmpdir(), 'test.db'))»;
  const three = «new Database(fileURLToPath(new URL('test.db', import.meta.url)))»;
});`,
      reports: [{ messageId: 'file' }, { messageId: 'file' }, { messageId: 'file' }],
    },
  ],
});
