import { defineHazard } from '../hazard.ts';

export const noHalfBuiltTeardown = defineHazard({
  id: 'no-half-built-teardown',
  title: 'Tear down what a failed set-up may not have made',
  category: 'teardown',
  symptoms: [
    "Cannot read properties of undefined (reading 'end')",
    "Cannot read properties of undefined (reading 'close')",
    "Cannot read properties of undefined (reading 'release')",
    "Cannot read properties of undefined (reading 'destroy')",
  ],
  signs: [
    'beside the error of a set-up that failed there is a second one, of the teardown',
    'after a set-up that failed, the process does not end: the hooks behind the one that threw were skipped',
  ],
  cause:
    'node:test runs `after` although `before` threw, and `afterEach` although `beforeEach` threw. What the set-up was about to make is still `undefined` then; ' +
    'the release throws a `TypeError`, and the hooks behind it are skipped.',
  remedy:
    'Release with `?.`: `after(() => pool?.end())`. Better, register the release where the resource is made: `t.after(() => pool.end())`, or `use(t, acquire)` of `savepoint`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'in `after` or `afterEach`, a release such as `close()` or `end()` on a variable that is declared without a value and that only hooks set, after something they await',
    ],
    cannotSee: [
      'variables that a helper or another file sets',
      'a release in a callback, or behind any condition or `try`',
      'a set-up that fails without waiting for anything',
    ],
    messages: {
      unset:
        '`{{resource}}` is still undefined here when the hook that sets it (line {{line}}) fails before it does. Use `?.`.',
    },
    fixes: 'writes `?.` in front of the release',
    suggestions: {},
  },
  unseenBy: {
    runtime: 'it sees the hooks that were skipped because of it: `no-fragile-teardown`.',
  },
  evidence: [
    'typeorm/typeorm#6222',
    'sanity-io/ui#307',
    'microsoft/playwright#8358',
    'Flow-Research/garden#111',
    'nodejs/node#61462',
    'nodejs/node#61525',
    'nodejs/node#45192',
  ],
  whenNotToUse: 'When a second error beside that of the set-up is no trouble to you.',
  examples: [
    {
      title: 'a teardown that counts on its set-up',
      file: 'tags.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';

const readSchema = async () => 'create table tags (name text primary key)';

let db;
before(async () => {
  const schema = await readSchema();
  db = new Database(':memory:');
  db.exec(schema);
});
after(() => db.close());

test('starts empty', () => {
  assert.deepEqual(db.prepare('select name from tags').all(), []);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Database from 'better-sqlite3';

const readSchema = async () => 'create table tags (name text primary key)';

let db;
before(async () => {
  const schema = await readSchema();
  db = new Database(':memory:');
  db.exec(schema);
});
after(() => db?.close());

test('starts empty', () => {
  assert.deepEqual(db.prepare('select name from tags').all(), []);
});
`,
    },
  ],
});
