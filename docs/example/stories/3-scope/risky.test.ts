import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '@hono/node-server';
import pg from 'pg';
import { createApp } from '../../src/app.ts';
import { postgresStore, schema } from '../../src/postgres-store.ts';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });

before(async () => {
  await pool.query('DROP TABLE IF EXISTS tags, users, audit');
  await pool.query(schema);
});
after(() => pool.end());

test('reads its limit from the working directory', async () => {
  process.chdir(mkdtempSync(join(tmpdir(), 'limits-')));
  writeFileSync('limit.txt', '3');
  process.env.TAG_LIMIT = await readFile('limit.txt', 'utf8');
  assert.equal(process.env.TAG_LIMIT, '3');
});

test('has no limit without a file', async () => {
  assert.equal(process.env.TAG_LIMIT, undefined);
  await assert.rejects(readFile('limit.txt'), { code: 'ENOENT' });
});

test('answers over HTTP', async (t) => {
  const server = serve({ fetch: createApp({ store: postgresStore(pool) }).fetch, port: 38_418 });
  t.after(() => server.close());
  const response = await fetch('http://localhost:38418/api/tags');
  assert.deepEqual(await response.json(), []);
});
