import { defineHazard } from '../hazard.ts';

export const noSharedSqliteFile = defineHazard({
  id: 'no-shared-sqlite-file',
  title: 'Give everyone who tests at the same time a SQLite database of their own',
  category: 'transaction isolation',
  symptoms: [
    'database is locked',
    'SQLITE_BUSY',
    'SQLITE_BUSY_SNAPSHOT',
    'attempt to write a readonly database',
    'SQLITE_READONLY_DBMOVED',
    'This database connection is busy executing a query',
    'EBUSY: resource busy or locked, unlink …',
    'no such table: …',
  ],
  signs: [
    'test files pass alone and fail together',
    'in WAL mode, rows are gone and nobody said a word: the file was deleted under an open handle',
    'a second `:memory:` handle is empty, for each is a database of its own',
  ],
  cause:
    'A SQLite file has one writer at a time, and a handle has one transaction. Test files run in parallel processes and tests may run at the same time: with one file, or one handle, they lock each other out, see each other’s rows, or end each other’s transaction. ' +
    'Deleting the file between tests does not help while somebody has it open.',
  remedy:
    'Use `sqlite()` of `savepoint/sqlite` without `file`: each test that runs at the same time has a database in memory of its own, made in microseconds. A file is for one process, and one test after another.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a database of better-sqlite3 or `node:sqlite` that a test file opens to write, by a path that is the same in every process',
    ],
    cannotSee: [
      'paths with a computed part: they are taken to be of this process',
      'whether another file opens the same database: one alone is safe until the second one comes',
      'files that the app opens',
    ],
    messages: {
      file: 'Every process that opens {{path}} writes to the same file, and SQLite has one writer at a time. Open `:memory:`, or a file in a directory of this test.',
    },
    suggestions: {
      inMemory: 'Open a database in memory.',
    },
  },
  runtime: {
    sees: [
      'two tests that run at the same time and ask for one file, or for one handle of `rollbackEach`; the second is refused',
      'a file that another process, or another handle, is writing to when a test asks for it',
      'a file that was deleted or replaced while it was open',
      'another connection of the process that uses, by a prepared statement, a file which a test has in its sandbox',
    ],
    cannotSee: [
      'files that are opened without savepoint, by whatever number of processes',
      '`exec()` on another connection, and `:memory:` opened twice by mistake',
    ],
    message: '{{test}} asks for {{file}}, which is in use.',
  },
  evidence: [
    'WiseLibs/better-sqlite3#155',
    'WiseLibs/better-sqlite3#554',
    'WiseLibs/better-sqlite3#1104',
    'epicweb-dev/epic-stack#479',
    'remix-run/remix#11636',
    'webjsdev/webjs#674',
    'https://www.sqlite.org/lockingv3.html',
  ],
  whenNotToUse: 'In tests of locking itself; give them a file of their own.',
  examples: [
    {
      title: 'a file beside the test, by its name',
      file: 'marks.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';

const db = new Database(fileURLToPath(new URL('marks.db', import.meta.url)));
after(() => db.close());

test('keeps marks', (t) => {
  db.exec('create table marks (name text)');
  t.after(() => db.exec('drop table marks'));
  assert.deepEqual(db.prepare('select * from marks').all(), []);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import Database from 'better-sqlite3';

const db = new Database(':memory:');
after(() => db.close());

test('keeps marks', (t) => {
  db.exec('create table marks (name text)');
  t.after(() => db.exec('drop table marks'));
  assert.deepEqual(db.prepare('select * from marks').all(), []);
});
`,
    },
    {
      title: 'two tests at the same time on one file',
      file: 'users.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sqlite } from 'savepoint/sqlite';

const file = fileURLToPath(new URL('users.db', import.meta.url));
const database = sqlite({ file, migrate: 'create table users (name text unique)' });
const otherWork = () => new Promise((resolve) => setImmediate(resolve));

describe('users', { concurrency: true }, () => {
  for (const name of ['Ada', 'Bob']) {
    test(\`adds \${name}\`, async (t) => {
      const db = await database.rollback(t);
      db.prepare('insert into users values (?)').run(name);
      await otherWork();
      assert.equal(db.prepare('select count(*) from users').pluck().get(), 1);
    });
  }
});
`,
      good: `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';

const database = sqlite({ migrate: 'create table users (name text unique)' });
const otherWork = () => new Promise((resolve) => setImmediate(resolve));

describe('users', { concurrency: true }, () => {
  for (const name of ['Ada', 'Bob']) {
    test(\`adds \${name}\`, async (t) => {
      const db = await database.rollback(t);
      db.prepare('insert into users values (?)').run(name);
      await otherWork();
      assert.equal(db.prepare('select count(*) from users').pluck().get(), 1);
    });
  }
});
`,
    },
  ],
});
