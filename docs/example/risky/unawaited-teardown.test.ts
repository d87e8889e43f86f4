// Nobody waits for the pool to end: what comes next meets half-closed connections, or the process is gone first.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

let pool: pg.Pool;

before(() => {
  pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
});
after(() => {
  pool.end();
});

test('selects one', async () => {
  const { rows } = await pool.query('SELECT 1 AS one');
  assert.equal(rows[0].one, 1);
});
