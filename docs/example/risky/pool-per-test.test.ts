// Each test pays for its own connections: slow, and "too many clients already" once the suite grows.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import pg from 'pg';
import { createApp } from '../src/app.ts';
import { postgresStore } from '../src/postgres-store.ts';

let pool: pg.Pool;

beforeEach(() => {
  pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
});
afterEach(() => pool.end());

test('lists tags', async () => {
  const app = createApp({ store: postgresStore(pool) });
  assert.equal((await app.request('/api/tags')).status, 200);
});

test('lists users', async () => {
  const app = createApp({ store: postgresStore(pool) });
  assert.equal((await app.request('/api/users')).status, 200);
});
