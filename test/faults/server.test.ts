/** The server goes away, comes back, or takes nobody any more. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import pg from 'pg';
import { ownServer, type OwnServer, type StopMode } from './support/own-server.ts';
import { sceneFor, type Scene } from './support/sandboxes.ts';

/** Few, so that a test can have them all. */
const MAX_CONNECTIONS = 8;

let server: OwnServer;
before(async () => {
  server = await ownServer({ maxConnections: MAX_CONNECTIONS });
});
after(() => server.remove());

const SCHEMA = 'DROP TABLE IF EXISTS users; CREATE TABLE users (id int)';

/** Answers an error that a question ends with, which shows the password in no depth. */
async function refusalOf(question: Promise<unknown>): Promise<pg.DatabaseError> {
  const error = await question.then(
    () => assert.fail('it was answered'),
    (thrown: unknown) => thrown as pg.DatabaseError,
  );
  const { password } = new URL(server.connectionString);
  assert.ok(!inspect(error, { depth: 10, showHidden: false }).includes(password));
  return error;
}

async function assertNothingLeft({ sandboxOf, witness, connections }: Scene): Promise<void> {
  const next = sandboxOf('the next test');
  assert.deepEqual((await next.pool.query('SELECT * FROM users')).rows, []);
  await next.pool.query('INSERT INTO users VALUES (9)');
  await next.close();
  await connections.end();
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
  await witness.untilAlone();
}

describe('a restart', () => {
  const REASONS: Record<StopMode, RegExp> = {
    fast: /terminating connection due to administrator command/,
    // Under load it may end sessions without a word: then all that is known is that they ended.
    immediate:
      /terminating connection due to immediate shutdown command|Connection terminated unexpectedly/,
  };
  for (const [mode, reason] of Object.entries(REASONS) as [StopMode, RegExp][]) {
    test(`${mode}, while nothing is asked`, async (t) => {
      const scene = await sceneFor(t, { schema: SCHEMA, database: server.connectionString });
      const sandbox = scene.sandboxOf('meets a restart');
      await sandbox.pool.query('INSERT INTO users VALUES (1)');

      await server.stop(mode);
      assert.match((await refusalOf(sandbox.pool.query('SELECT 1'))).message, reason);
      assert.match((await refusalOf(sandbox.close())).message, reason);
      const early = scene.sandboxOf('comes too early');
      assert.equal((await refusalOf(early.pool.query('SELECT 1'))).code, 'ECONNREFUSED');
      await server.start();
      assert.equal((await early.pool.query('INSERT INTO users VALUES (2)')).rowCount, 1);
      await early.close();
      await assertNothingLeft(scene);
    });

    test(`${mode}, while a statement runs in a transaction`, async (t) => {
      const scene = await sceneFor(t, { schema: SCHEMA, database: server.connectionString });
      const sandbox = scene.sandboxOf('meets a restart');
      const client = await sandbox.pool.connect();
      await client.query('BEGIN');
      await client.query('INSERT INTO users VALUES (1)');
      await scene.witness.rows('SELECT pg_advisory_lock(1)');
      const running = client.query('SELECT pg_advisory_xact_lock(1)').catch((e: unknown) => e);
      await scene.witness.untilSomebodyWaits();

      await server.stop(mode);
      await server.start();
      assert.match(((await running) as Error).message, reason);
      await assert.rejects(client.query('COMMIT'), { message: reason });
      client.release();
      await assert.rejects(sandbox.close(), { message: reason });
      await assertNothingLeft(scene);
    });
  }
});

test('all connections are taken: the server’s reason is told, others go on, and later it works', async (t) => {
  const scene = await sceneFor(t, { schema: SCHEMA, database: server.connectionString });
  const lucky = scene.sandboxOf('has its connection');
  await lucky.pool.query('INSERT INTO users VALUES (1)');
  const hogs = await takeAll(server.connectionString);

  const late = scene.sandboxOf('comes too late');
  for (const refused of [late.pool.query('SELECT 1'), late.pool.connect()]) {
    const { code, message } = await refusalOf(refused);
    assert.equal(code, '53300');
    assert.match(message, /too many clients already/);
  }
  assert.equal((await lucky.pool.query('SELECT * FROM users')).rowCount, 1);

  await Promise.all(hogs.map((hog) => hog.end()));
  await scene.witness.until(
    'SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1 HAVING count(*) <= 1',
    ['client backend'],
  );
  assert.equal((await late.pool.query('INSERT INTO users VALUES (2)')).rowCount, 1);
  await late.close();
  await lucky.close();
  await assertNothingLeft(scene);
});

/** Connects until the server refuses. */
async function takeAll(connectionString: string): Promise<pg.Client[]> {
  const hogs: pg.Client[] = [];
  for (;;) {
    const hog = new pg.Client({ connectionString });
    hog.on('error', () => undefined);
    try {
      await hog.connect();
    } catch (error) {
      assert.equal((error as pg.DatabaseError).code, '53300');
      return hogs;
    }
    hogs.push(hog);
  }
}
