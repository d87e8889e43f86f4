// Hooks run in the order they were registered: the pool waits for a client that is released after it. For ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
let client: pg.PoolClient;

before(async () => {
  client = await pool.connect();
});
after(() => pool.end());
after(() => client.release());

test('selects one', async () => {
  const { rows } = await client.query('SELECT 1 AS one');
  assert.equal(rows[0].one, 1);
});
