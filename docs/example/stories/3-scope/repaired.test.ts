import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { client } from 'savepoint/http';
import { postgres } from 'savepoint/pg';
import { chdir, setEnv, tempDir } from 'savepoint/process';
import { createApp } from '../../src/app.ts';
import { postgresStore, schema } from '../../src/postgres-store.ts';

const db = postgres({ connectionString: process.env.TEST_DATABASE_URL, migrate: schema });

test('reads its limit from the working directory', async (t) => {
  chdir(t, tempDir(t));
  writeFileSync('limit.txt', '3');
  setEnv(t, { TAG_LIMIT: await readFile('limit.txt', 'utf8') });
  assert.equal(process.env.TAG_LIMIT, '3');
});

test('has no limit without a file', async () => {
  assert.equal(process.env.TAG_LIMIT, undefined);
  await assert.rejects(readFile('limit.txt'), { code: 'ENOENT' });
});

test('answers without a port', async (t) => {
  const store = postgresStore(await db.rollback(t));
  const response = await client(t, createApp({ store })).api.tags.$get();
  assert.deepEqual(await response.json(), []);
});
