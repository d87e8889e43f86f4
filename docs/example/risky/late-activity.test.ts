// Says ok, then writes: into the next test's rows, or into a pool that has been ended.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
after(() => pool.end());

async function countLater(name: string) {
  await delay(20);
  await pool.query('INSERT INTO tags (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
}

test('counts a tag', () => {
  void countLater('late');
  assert.ok(true);
});

test('takes a while', async () => {
  await pool.query('SELECT pg_sleep(0.1)');
});
