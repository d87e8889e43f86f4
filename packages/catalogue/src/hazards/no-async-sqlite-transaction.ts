import { defineHazard } from '../hazard.ts';

export const noAsyncSqliteTransaction = defineHazard({
  id: 'no-async-sqlite-transaction',
  title: 'Keep the body of a SQLite transaction synchronous',
  category: 'transaction isolation',
  symptoms: ['Transaction function cannot return a promise'],
  signs: [
    'rows of a transaction that failed later are there all the same',
    '“rollback does not work” through Drizzle or another layer over better-sqlite3',
    'a test ends in the middle of a transaction',
  ],
  cause:
    '`db.transaction(fn)` of better-sqlite3 commits when `fn` returns, and an `async` function returns at its first `await`: what comes after it is outside of the transaction. ' +
    'Versions from 11.10 on refuse it; older ones commit, and roll nothing back. ' +
    'With BEGIN and COMMIT by hand, whoever else uses the handle during an `await` is in the transaction too, for a handle has only one.',
  remedy:
    'Do what has to be awaited before the transaction, and give `db.transaction` a synchronous function.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'an `async` function given to `.transaction()` of a better-sqlite3 handle, of Drizzle over better-sqlite3, or of the handle of a sandbox of savepoint',
    ],
    cannotSee: [
      'a function that returns a promise and is not `async`',
      'handles that come from a place the linter does not follow',
    ],
    messages: {
      asynchronous:
        '`{{call}}` commits when its function returns, and an `async` function returns at its first `await`. Give it a synchronous function; await before or after.',
    },
    suggestions: {},
    unrepaired:
      'what is awaited inside has to move before the transaction or behind it, which changes what it protects.',
  },
  runtime: {
    sees: [
      'a transaction function of a better-sqlite3 handle of savepoint that returns a promise; the app gets the driver’s own error',
      'a transaction that is still open when its test ends',
    ],
    cannotSee: [
      'transaction functions made before `rollbackEach` was called; the driver refuses them all the same',
      'an `await` between BEGIN and COMMIT, where the test goes on until COMMIT',
    ],
    message: 'A transaction function in {{test}} returned a promise.',
  },
  evidence: [
    'WiseLibs/better-sqlite3#1364',
    'drizzle-team/drizzle-orm#1723',
    'karakeep-app/karakeep#1594',
    'oven-sh/bun#24662',
  ],
  whenNotToUse: 'Never: the driver refuses such a function, or commits too early.',
  examples: [
    {
      title: 'a transaction function that awaits',
      file: 'tags.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';

const database = sqlite({ migrate: 'create table tags (name text)' });
const nameFromElsewhere = async () => 'urgent';

test('adds a tag', async (t) => {
  const db = await database.rollback(t);
  const insert = db.prepare('insert into tags values (?)');
  await db.transaction(async () => insert.run(await nameFromElsewhere()))();
  assert.equal(db.prepare('select count(*) from tags').pluck().get(), 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqlite } from 'savepoint/sqlite';

const database = sqlite({ migrate: 'create table tags (name text)' });
const nameFromElsewhere = async () => 'urgent';

test('adds a tag', async (t) => {
  const db = await database.rollback(t);
  const insert = db.prepare('insert into tags values (?)');
  const name = await nameFromElsewhere();
  db.transaction(() => insert.run(name))();
  assert.equal(db.prepare('select count(*) from tags').pluck().get(), 1);
});
`,
    },
  ],
});
