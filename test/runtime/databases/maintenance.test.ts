import assert from 'node:assert/strict';
import { mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startPostmaster } from '../../../runtime/src/pg/embedded/postmaster.ts';
import {
  generation,
  makeGenerationFolder,
  makeStateFolder,
  removeGeneration,
} from '../../../runtime/src/pg/embedded/state-folder.ts';
import { withConnection, withDatabase } from '../../../runtime/src/pg/connect.ts';
import { readMigrations } from '../../../runtime/src/pg/migrations.ts';
import { migratedTemplate } from '../../../runtime/src/pg/template.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';

/** A server of this test's own, on which it may change anything; answers its connection string. */
async function ownServer(t: TestContext): Promise<string> {
  const state = await realpath(await mkdtemp(join(tmpdir(), 'server-')));
  await makeStateFolder(state);
  const place = generation(state, 1);
  await makeGenerationFolder(place);
  scopeOf(t).defer(() => removeGeneration(state, place));
  const { address, stop } = await startPostmaster(place.folder);
  scopeOf(t).defer(stop);
  const { user, password, host, port } = address;
  return `postgres://${user}:${password}@${host}:${String(port)}/postgres`;
}

async function run(connectionString: string, ...statements: readonly string[]): Promise<void> {
  await withConnection(connectionString, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function prepareTwice(t: TestContext, server: string): Promise<void> {
  const origin = { trace: captureTrace(), number: 0 };
  const migrations = await readMigrations('create table users (id int)', origin);
  const made = await Promise.all([1, 2].map(() => migratedTemplate(server, migrations)));
  scopeOf(t).defer(() => Promise.all(made.map((each) => each.release())));
  const [first, second] = await Promise.all(made.map((each) => each.shared()));
  assert.equal(first, second);
  await run(first ?? '', 'select * from users');
}

test('a server without a database "postgres" is kept in order from the named one', async (t) => {
  const server = await ownServer(t);
  await run(server, 'create database shop');
  const named = withDatabase(server, 'shop');
  await run(named, 'drop database postgres');
  await prepareTwice(t, named);
});

test('so is one whose database "postgres" is closed to the role', async (t) => {
  const server = await ownServer(t);
  await run(
    server,
    `create role ada login createdb password 's3cret'`,
    'create database shop owner ada',
    'revoke connect on database postgres from public',
  );
  const { host } = new URL(server);
  await prepareTwice(t, `postgres://ada:s3cret@${host}/shop`);
});

test('a role whose statements may take only so long still waits for the migrations of others', async (t) => {
  const server = await ownServer(t);
  await run(server, `alter role postgres set statement_timeout = '1s'`);
  const origin = { trace: captureTrace(), number: 0 };
  let ran = 0;
  const migrations = await readMigrations(
    {
      fingerprint: 'slow',
      migrate: async (client) => {
        ran += 1;
        await client.query('set statement_timeout = 0');
        // Longer than a statement of the others may take.
        await client.query('select pg_sleep(2)');
      },
    },
    origin,
  );
  const all = await Promise.all([1, 2, 3].map(() => migratedTemplate(server, migrations)));
  scopeOf(t).defer(() => Promise.all(all.map((each) => each.release())));
  assert.equal(ran, 1);
});
