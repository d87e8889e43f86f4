// Says ok, then writes: into the next test's rows, or into a pool that has been ended.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
after(() => pool.end());

test('counts a tag', () => {
  pool.query("INSERT INTO tags (name) VALUES ('late') ON CONFLICT DO NOTHING");
  assert.ok(true);
});

test('takes a while', async () => {
  await pool.query('SELECT pg_sleep(0.1)');
});
