// Green, then ten seconds of silence per file: nobody ends the pool.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

test('there is a table of tags', async () => {
  const { rows } = await pool.query("SELECT to_regclass('tags') IS NOT NULL AS found");
  assert.equal(rows[0].found, true);
});
