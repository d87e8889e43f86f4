import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { client } from 'savepoint/http';
import { postgres } from 'savepoint/pg';
import { createApp } from '../../src/app.ts';
import { postgresStore, schema } from '../../src/postgres-store.ts';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL, migrate: schema });

test('POST /api/tags stores new tags', async (t) => {
  const pool = await db.rollback(t);
  const { api } = client(t, createApp({ store: postgresStore(pool) }));

  const response = await api.tags.$post({ json: { names: ['node', 'test'] } });

  assert.equal(response.status, 201);
  const { rows } = await pool.query('SELECT name FROM tags ORDER BY name');
  assert.deepEqual(rows, [{ name: 'node' }, { name: 'test' }]);
});

test('GET /api/tags is closed during maintenance', async (t) => {
  const store = postgresStore(await db.rollback(t));
  const app = new Hono()
    .use('/api/*', (c) => Promise.resolve(c.text('closed', 503)))
    .route('/', createApp({ store }));

  const response = await client(t, app).api.tags.$get();

  assert.equal(response.status, 503);
});
