/** `rollbackEach` of a `DatabaseSync` that an app keeps for itself, with statements made at import. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rollbackEach } from '../../../runtime/src/sqlite/index.ts';
import { DRIVERS, outcome, rowsOf, type AnyHandle } from './drivers.ts';

const driver = DRIVERS.find(({ name }) => name === 'node:sqlite');
const skip = driver ? false : 'this Node has no node:sqlite';

describe('an app on node:sqlite', { skip }, () => {
  if (!driver) return;
  const app = driver.open(':memory:');
  app.exec("CREATE TABLE users (name TEXT UNIQUE); INSERT INTO users VALUES ('Root')");
  const insert = app.prepare('INSERT INTO users VALUES (?)');
  const begin = app.prepare('BEGIN');
  rollbackEach(app as never);

  before(() => {
    insert.run('Seed');
  });
  for (const name of ['Ada', 'Bob']) {
    test(`${name} sees what all see, and leaves nothing`, async (t) => {
      assert.deepEqual(namesOf(app), ['Root', 'Seed']);
      insert.run(name);
      app.exec(
        `BEGIN; INSERT INTO users VALUES ('more'); COMMIT; BEGIN; DELETE FROM users; ROLLBACK`,
      );
      assert.deepEqual(namesOf(app), ['Root', 'Seed', name, 'more']);
      await t.test('a subtest', () => {
        app.prepare('DELETE FROM users').run();
      });
      assert.deepEqual(namesOf(app), ['Root', 'Seed', name, 'more']);
    });
  }

  test('a statement of nobody knows whose is refused when it would begin a transaction', () => {
    assert.deepEqual(
      (outcome(() => begin.run()) as { code?: string }).code,
      'ERR_SAVEPOINT_SQLITE_STATEMENT',
    );
  });

  after(() => {
    assert.deepEqual(namesOf(app), ['Root']);
    assert.equal(Object.hasOwn(app, 'exec'), false);
    app.close();
  });
});

function namesOf(app: AnyHandle): unknown[] {
  return rowsOf(app, 'SELECT name FROM users').map((row) => (row as { name: string }).name);
}
