// The first test passes, the second says: Cannot use a pool after calling end on the pool.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

afterEach(() => pool.end());

test('counts tags', async () => {
  const { rowCount } = await pool.query('SELECT count(*) FROM tags');
  assert.equal(rowCount, 1);
});

test('counts users', async () => {
  const { rowCount } = await pool.query('SELECT count(*) FROM users');
  assert.equal(rowCount, 1);
});
