/** One connection of the driver, on which messages of ours and of others are answered in order. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import pg from 'pg';
import { RealConnection } from '../../../runtime/src/pg/real-connection.ts';
import { testServer } from '../../support/database.ts';

const pool = new pg.Pool({ connectionString: (await testServer()).connectionString });
after(() => pool.end());

async function clientFor(t: TestContext): Promise<pg.PoolClient> {
  const client = await pool.connect();
  t.after(() => {
    client.release();
  });
  return client;
}

test('what the driver is still asked when the connection is taken is answered first', async (t) => {
  const client = await clientFor(t);
  const before = client.query("SELECT 'theirs' AS whose");
  const real = RealConnection.of(client);
  // The server takes its time, so that the two answers come one after the other.
  assert.deepEqual(await real.rows("SELECT 'ours' FROM pg_sleep(0.1)"), [['ours']]);
  assert.deepEqual(await real.rows("SELECT 'ours, too' FROM pg_sleep(0.1)"), [['ours, too']]);
  assert.deepEqual((await before).rows, [{ whose: 'theirs' }]);
});

test('what fails of the driver’s own is no failure of what comes behind it', async (t) => {
  const client = await clientFor(t);
  const before = assert.rejects(client.query('SELECT 1 / 0'), { code: '22012' });
  const real = RealConnection.of(client);
  assert.deepEqual(await real.rows("SELECT 'ours' FROM pg_sleep(0.1)"), [['ours']]);
  await assert.rejects(real.rows('SELECT 2 / 0'), { code: '22012' });
  assert.deepEqual(await real.rows('SELECT 3'), [['3']]);
  await before;
});
