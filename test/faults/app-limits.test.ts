/** Limits that the app sets itself: they end what they would end, and the sandbox goes on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sceneFor } from './support/sandboxes.ts';

const USERS = 'CREATE TABLE users (id int PRIMARY KEY, name text)';

/** By what the app sets: what it says for it, around the statement that is to be stopped. */
const LOCK_TIMEOUTS: Record<string, readonly string[]> = {
  'for the session': [`SET lock_timeout = '50ms'`, 'BEGIN'],
  'for its transaction': ['BEGIN', `SET LOCAL lock_timeout = '50ms'`],
  'by a function': ['BEGIN', `SELECT set_config('lock_timeout', '50ms', true)`],
};

describe('lock_timeout', () => {
  for (const [where, before] of Object.entries(LOCK_TIMEOUTS)) {
    test(`${where} stops the wait for another test, and the app can go on`, async (t) => {
      const { sandboxOf, witness } = await sceneFor(t, { schema: USERS });
      const [holder, app] = [sandboxOf('holds'), sandboxOf('waits')];
      await holder.pool.query('INSERT INTO users VALUES (1)');
      const client = await app.pool.connect();
      for (const sql of before) await client.query(sql);
      const error = { code: '55P03', message: 'canceling statement due to lock timeout' };
      await assert.rejects(client.query('INSERT INTO users VALUES (1)'), error);
      assert.equal((await client.query('COMMIT')).command, 'ROLLBACK');
      await client.query('INSERT INTO users VALUES (2)');
      client.release();
      await Promise.all([holder.close(), app.close()]);
      assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
    });
  }

  test('as set on its connections is back in the next sandbox, whatever a test has set', async (t) => {
    const { sandboxOf } = await sceneFor(t, { real: { lock_timeout: 4_000, max: 1 } });
    for (const name of ['sets it', 'finds it as it was']) {
      const sandbox = sandboxOf(name);
      const { rows } = await sandbox.pool.query('SHOW lock_timeout');
      assert.deepEqual(rows, [{ lock_timeout: '4s' }]);
      await sandbox.pool.query(`SET lock_timeout = '1ms'`);
      await sandbox.close();
    }
  });
});

test('statement_timeout stops a statement, and the next one works', async (t) => {
  const { sandboxOf } = await sceneFor(t, { real: { statement_timeout: 100 } });
  const sandbox = sandboxOf('is slow');
  await assert.rejects(sandbox.pool.query('SELECT pg_sleep(600)'), { code: '57014' });
  assert.equal((await sandbox.pool.query('SELECT 1')).rowCount, 1);
  await sandbox.close();
});

test('query_timeout gives a statement up: the server is told, and what waits behind it works', async (t) => {
  const { sandboxOf, witness } = await sceneFor(t, { schema: USERS, app: { query_timeout: 100 } });
  const sandbox = sandboxOf('is slow');
  await sandbox.pool.query('INSERT INTO users VALUES (1)');
  await assert.rejects(sandbox.pool.query('SELECT pg_sleep(600)'), /Query read timeout/);
  assert.equal((await sandbox.pool.query('SELECT * FROM users')).rowCount, 1);
  await sandbox.close();
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
});
