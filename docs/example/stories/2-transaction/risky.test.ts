import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import { createApp } from '../../src/app.ts';
import { postgresStore } from '../../src/postgres-store.ts';

const connectionString = process.env.DATABASE_URL;
let pool: pg.Pool;

before(async () => {
  const migrations = new pg.Client({ connectionString });
  await migrations.connect();
  await migrations.query('ALTER TABLE users ADD COLUMN IF NOT EXISTS nickname text');
  await migrations.end();
});

beforeEach(async () => {
  pool = new pg.Pool({ connectionString, max: 1 });
  await pool.query('BEGIN');
});

afterEach(async () => {
  await pool.query('ROLLBACK');
  await pool.end();
});

test('a user is created', async () => {
  process.env.API_TOKEN = 'sesame';
  const app = createApp({ store: postgresStore(pool) });
  const response = await app.request(
    '/api/users',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer sesame' },
      body: JSON.stringify({ name: 'Ada', email: 'ada@example.test' }),
    },
    process.env,
  );
  assert.equal(response.status, 201);
});

test('there are no users at first', async () => {
  const app = createApp({ store: postgresStore(pool) });
  const response = await app.request('/api/users');
  assert.deepEqual(await response.json(), []);
});
