// Every test file is a process of its own: each runs the migrations, all at the same time, on one database.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

before(async () => {
  await pool.query('CREATE TABLE IF NOT EXISTS notes (id serial PRIMARY KEY, body text NOT NULL)');
});
after(() => pool.end());

test('there are no notes', async () => {
  const { rows } = await pool.query('SELECT count(*)::int AS notes FROM notes');
  assert.equal(rows[0].notes, 0);
});
