import assert from 'node:assert/strict';
import { test } from 'node:test';
import { client } from 'savepoint/http';
import { postgres } from 'savepoint/pg';
import { createApp } from '../../src/app.ts';
import { postgresStore, schema } from '../../src/postgres-store.ts';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: `${schema} ALTER TABLE users ADD COLUMN nickname text;`,
});
const env = { API_TOKEN: 'sesame' };
const headers = { authorization: 'Bearer sesame' };

test('a user is created', async (t) => {
  const store = postgresStore(await db.rollback(t));
  const { api } = client(t, createApp({ store }), { env });

  const json = { name: 'Ada', email: 'ada@example.test' };
  const response = await api.users.$post({ json }, { headers });

  assert.equal(response.status, 201);
});

test('there are no users at first', async (t) => {
  const store = postgresStore(await db.rollback(t));
  const { api } = client(t, createApp({ store }), { env });

  const response = await api.users.$get();

  assert.deepEqual(await response.json(), []);
});
