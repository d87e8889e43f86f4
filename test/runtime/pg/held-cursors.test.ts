/** Cursors WITH HOLD that a sandbox cannot keep the rows of: what is refused, by name, and what goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { openedFor } from './support/sandbox.ts';

const TABLE = 'CREATE TABLE held AS SELECT generate_series(1, 3) AS n';

function refused(asked: Promise<unknown>): Promise<void> {
  return assert.rejects(
    asked,
    (error) => error instanceof HazardError && error.code === 'no-non-transactional-ddl',
  );
}

async function numbers(client: pg.ClientBase, sql: string): Promise<unknown[]> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows.flat();
}

test('a table that is still read is not changed, until the cursor is closed', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  await client.query(TABLE);
  await client.query('DECLARE records CURSOR WITH HOLD FOR SELECT ROW(n) FROM held ORDER BY n');
  for (const sql of [
    'TRUNCATE held',
    'ALTER TABLE held ADD COLUMN more int',
    'DROP TABLE held',
    'BEGIN; TRUNCATE held; COMMIT',
  ])
    await refused(client.query(sql));
  await client.query('ROLLBACK');
  assert.deepEqual(await numbers(client, 'FETCH ALL FROM records'), ['(1)', '(2)', '(3)']);
  await client.query('CLOSE records');
  await client.query('TRUNCATE held');
  client.release();
});

test('one that cannot go back is left as it is where nobody knows how far it was read', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  await client.query(TABLE);
  await client.query('BEGIN');
  await client.query(
    'DECLARE forward NO SCROLL CURSOR WITH HOLD FOR SELECT n FROM held ORDER BY n',
  );
  const cursor = client.query(new Cursor('FETCH 2 FROM forward'));
  assert.deepEqual(await cursor.read(1), [{ n: 1 }]);
  await cursor.close();
  await client.query('COMMIT');
  await refused(client.query('TRUNCATE held'));
  assert.deepEqual(await numbers(client, 'FETCH ABSOLUTE 3 FROM forward'), [3]);
  await client.query('CLOSE forward');
  client.release();
});

test('COMMIT is refused where values are not read as they are written', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query(TABLE);
  await client.query("DECLARE content CURSOR WITH HOLD FOR SELECT 'a<b/>'::xml");
  await client.query('SET LOCAL xmloption = document');
  await refused(client.query('COMMIT'));
  assert.deepEqual(await numbers(client, "SELECT to_regclass('held')"), [null]);
  await assert.rejects(client.query('FETCH content'), { code: '34000' });
  client.release();
});

test('a cursor that was held once is not held again', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  await client.query('DECLARE first CURSOR WITH HOLD FOR SELECT generate_series(1, 3) AS n');
  const since = "SELECT creation_time FROM pg_cursors WHERE name = 'first'";
  const before = await numbers(client, since);
  await client.query('BEGIN');
  assert.deepEqual(await numbers(client, 'FETCH 2 FROM first'), [1, 2]);
  await client.query('DECLARE second CURSOR WITH HOLD FOR SELECT 1 AS n');
  await client.query('COMMIT');
  assert.deepEqual(await numbers(client, since), before);
  assert.deepEqual(await numbers(client, 'FETCH ALL FROM first'), [3]);
  client.release();
});
