// Prints a failed assertion, then nothing, for ever: the client never comes back, so the pool never ends.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
after(() => pool.end());

test('a new tag has one use', async () => {
  const client = await pool.connect();
  await client.query("INSERT INTO tags (name) VALUES ('node') ON CONFLICT DO NOTHING");
  const { rows } = await client.query("SELECT uses FROM tags WHERE name = 'node'");
  assert.equal(rows[0].uses, 2);
  client.release();
});
