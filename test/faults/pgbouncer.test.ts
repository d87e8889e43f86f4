/** The sandbox behind pgbouncer, whose sessions are shared with others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type pg from 'pg';
import { scratchDatabase } from '../support/database.ts';
import { noPgbouncer, pgbouncer, sessionSettings, type PoolMode } from './support/pgbouncer.ts';
import { sceneFor } from './support/sandboxes.ts';

const SCHEMA = 'CREATE TABLE notes (id serial PRIMARY KEY, text text UNIQUE)';
const SETTINGS = ['idle_in_transaction_session_timeout', 'lock_timeout', 'search_path'];
const MODES: readonly PoolMode[] = ['session', 'transaction'];

for (const mode of MODES) {
  describe(`behind pgbouncer in ${mode} mode`, { skip: noPgbouncer() }, () => {
    test('tests are isolated one after another and at the same time, and nothing is left', async (t) => {
      const direct = await scratchDatabase(t);
      const before = await sessionSettings(direct, SETTINGS);
      const through = await pgbouncer(t, mode, direct, { poolSize: 4 });
      const { sandboxOf, witness } = await sceneFor(t, {
        database: through,
        schema: SCHEMA,
        real: { max: 3 },
      });

      const oneTest = async (name: string) => {
        const sandbox = sandboxOf(name);
        await appWork(sandbox.pool, name);
        await sandbox.close();
      };
      for (const name of ['first', 'second', 'third']) await oneTest(name);
      await Promise.all(['a', 'b', 'c'].map(oneTest));

      assert.deepEqual(await witness.rows('SELECT FROM notes'), []);
      // What others find in the sessions that the pooler hands on.
      assert.deepEqual(await sessionSettings(through, SETTINGS), before);
    });
  });
}

/** What an app does: named statements, a transaction of its own, an error, a setting. */
async function appWork(pool: pg.Pool, name: string): Promise<void> {
  const named = { name: 'insert-note', text: 'INSERT INTO notes (text) VALUES ($1)' };
  await pool.query({ ...named, values: [name] });
  await assert.rejects(pool.query({ ...named, values: [name] }), { code: '23505' });
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query("SET LOCAL search_path = 'nowhere'");
  await client.query('COMMIT');
  await client.query("SET lock_timeout = '123ms'");
  await client.query(named.text, [`${name} too`]);
  await client.query('RESET lock_timeout');
  client.release();
  const { rows } = await pool.query('SELECT text FROM notes ORDER BY id');
  assert.deepEqual(rows, [{ text: name }, { text: `${name} too` }]);
}
