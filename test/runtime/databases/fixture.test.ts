import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ migrate: 'create table users (id int primary key, name text)' });

test('a', async (t) => {
  const pool = await db.rollback(t);
  assert.equal(await db.rollback(t), pool);
  await pool.query(`insert into users values (1, 'Ada')`);
  await t.test('inside', async (t) => {
    const inner = await db.rollback(t);
    await inner.query(`insert into users values (2, 'Bob')`);
    assert.equal((await inner.query('select * from users')).rowCount, 2);
  });
  assert.equal((await pool.query('select * from users')).rowCount, 1);
});
test('b', async (t) => {
  const pool = await db.rollback(t);
  assert.equal((await pool.query('select * from users')).rowCount, 0);
});
