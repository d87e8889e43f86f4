import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Hono } from 'hono';
import pg from 'pg';
import { createApp } from '../../src/app.ts';
import { postgresStore, schema } from '../../src/postgres-store.ts';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
const app = new Hono();
app.route('/', createApp({ store: postgresStore(pool) }));

beforeEach(async () => {
  await pool.query('DROP TABLE IF EXISTS tags, users, audit');
  await pool.query(schema);
});

afterEach(() => {
  pool.end();
});

test('POST /api/tags stores new tags', async () => {
  const response = await app.request('/api/tags', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ names: ['node', 'test'] }),
  });
  assert.equal(response.status, 201);
  const client = await pool.connect();
  const { rows } = await client.query('SELECT name FROM tags ORDER BY name');
  assert.deepEqual(rows, [{ name: 'node' }, { name: 'test' }]);
});

test('GET /api/tags is closed during maintenance', async () => {
  app.use('/api/*', (c) => Promise.resolve(c.text('closed', 503)));
  const response = await app.request('/api/tags');
  assert.equal(response.status, 503);
});
