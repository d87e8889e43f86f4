// The app's own pool, made when its module is loaded, is captured as it is: no line of the app changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rollbackEach } from 'savepoint/pg';
import { pool } from '../src/pool.ts';
import { postgresStore } from '../src/postgres-store.ts';
import { EmailTaken } from '../src/store.ts';
import { db } from './databases.ts';

rollbackEach(pool, { database: db });

const store = postgresStore(pool);
const ADA = { name: 'Ada', email: 'ada@example.test' };

test('a handler commits, fails on a unique key, and goes on', async () => {
  const { id } = await store.createUser(ADA);
  await assert.rejects(store.createUser(ADA), EmailTaken);

  assert.deepEqual(await store.findUser(id), { id, ...ADA });
  const { rows } = await pool.query<{ entry: string }>('SELECT entry FROM audit ORDER BY at');
  assert.deepEqual(
    rows.map(({ entry }) => entry),
    ['created ada@example.test', 'refused ada@example.test'],
  );
});

test('the next test sees none of it', async () => {
  assert.deepEqual(await store.listUsers(), []);
});
