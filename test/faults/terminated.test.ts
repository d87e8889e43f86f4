/**
 * The server ends the sandbox's session at every step of a program: the app hears the server's
 * reason, the test fails with it, nothing stays, and the next sandbox works. What depends on the
 * moment is tried `FAULT_ROUNDS` times, once where that is not set.
 */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type pg from 'pg';
import { SetupError } from '../../runtime/src/setup-error.ts';
import { sceneFor, type Scene } from './support/sandboxes.ts';

const SCHEMA = `
  CREATE TABLE users (id serial PRIMARY KEY, name text);
  CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.name = 'waits at COMMIT') EXECUTE FUNCTION waits()`;

/** What an app does in one test. */
interface App {
  readonly pool: pg.Pool;
  client: pg.PoolClient | undefined;
}

type Step = (app: App) => Promise<unknown>;

const asks =
  (sql: string): Step =>
  ({ client, pool }) =>
    (client ?? pool).query(sql);

const takesClient: Step = async (app) => {
  app.client = await app.pool.connect();
};
const releasesClient: Step = (app) => {
  app.client?.release();
  app.client = undefined;
  return Promise.resolve();
};

const BEGINNING: Record<string, Step> = {
  'asks the pool': asks(`INSERT INTO users (name) VALUES ('autocommitted')`),
  'takes a client': takesClient,
  BEGINs: asks('BEGIN'),
  writes: asks(`INSERT INTO users (name) VALUES ('in a transaction')`),
  'sets a savepoint': asks('SAVEPOINT a'),
  'fails a statement': (app) => assert.rejects(asks('SELECT 1 / 0')(app), { code: '22012' }),
  'goes back to the savepoint': asks('ROLLBACK TO SAVEPOINT a'),
};

const PROGRAM: Record<string, Step> = {
  ...BEGINNING,
  COMMITs: asks('COMMIT'),
  'releases it': releasesClient,
  'asks the pool again': asks('SELECT count(*) FROM users'),
};

const IN_FAILED_TRANSACTION = '25P02';
const ROUNDS = Number(process.env.FAULT_ROUNDS ?? 1);
const REASON = /terminating connection due to administrator command/;

/** Ends the server's side of every sandbox in the scene, and waits until it is gone. */
async function terminate({ witness }: Scene): Promise<void> {
  await witness.rows(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

/** Settles when a connection of the scene has heard that it is gone. */
function loss({ connections }: Scene): Promise<void> {
  return new Promise((resolve) => {
    connections.on('connect', (client) => client.once('end', resolve));
  });
}

/** Runs steps, and answers the first error that is not the app's own. */
async function firstErrorOf(app: App, steps: readonly Step[]): Promise<Error | undefined> {
  for (const step of steps) {
    try {
      await step(app);
    } catch (error) {
      if ((error as pg.DatabaseError).code !== IN_FAILED_TRANSACTION) return error as Error;
    }
  }
  return undefined;
}

async function assertHarmless(t: TestContext, { sandboxOf, witness, connections }: Scene) {
  const next = sandboxOf('the next test');
  const { rows } = await next.pool.query('SELECT name FROM users');
  assert.deepEqual(rows, [], 'something was committed');
  await next.close();
  assert.deepEqual(await witness.rows('SELECT name FROM users'), []);
  await connections.end();
  await witness.untilAlone();
  assert.ok(!t.signal.aborted);
}

const steps = Object.entries(PROGRAM);

describe('between statements, noticed before the app', { concurrency: 4 }, () => {
  for (const [index, [before]] of steps.entries()) {
    test(`after it ${before}`, async (t) => {
      const scene = await sceneFor(t, { schema: SCHEMA });
      const lost = loss(scene);
      const sandbox = scene.sandboxOf(t.name);
      const app: App = { pool: sandbox.pool, client: undefined };
      for (const [, step] of steps.slice(0, index + 1)) await step(app);

      await terminate(scene);
      await lost;
      // Also what the sandbox would have answered by itself.
      for (const sql of ['COMMIT', 'SELECT 1', 'SELECT 2']) {
        await assert.rejects(asks(sql)(app), {
          code: 'ERR_SAVEPOINT_CONNECTION_LOST',
          message: REASON,
        });
      }
      app.client?.release();
      await assert.rejects(sandbox.close(), { message: REASON });
      await assertHarmless(t, scene);
    });
  }
});

describe('between statements, while the app goes on at once', { concurrency: 4 }, () => {
  for (const [index, [before]] of steps.entries()) {
    const goesOn = async (t: TestContext) => {
      const scene = await sceneFor(t, { schema: SCHEMA });
      const sandbox = scene.sandboxOf(t.name);
      const app: App = { pool: sandbox.pool, client: undefined };
      for (const [, step] of steps.slice(0, index + 1)) await step(app);

      const terminated = terminate(scene);
      const error = await firstErrorOf(
        app,
        Array.from({ length: 1_000 }, () => asks('SELECT pg_sleep(0.01)')),
      );
      await terminated;
      assert.match(error?.message ?? '', REASON);
      app.client?.release();
      await assert.rejects(sandbox.close(), { message: REASON });
      await assertHarmless(t, scene);
    };
    for (let round = 1; round <= ROUNDS; round++) test(`after it ${before}`, goesOn);
  }
});

describe('while a statement runs', { concurrency: 4 }, () => {
  const RUNNING: Record<string, readonly Step[]> = {
    'of the pool': [asks('SELECT pg_advisory_xact_lock(1)')],
    'of a client outside of transactions': [takesClient, asks('SELECT pg_advisory_xact_lock(1)')],
    'inside a transaction': [...Object.values(BEGINNING), asks('SELECT pg_advisory_xact_lock(1)')],
    'which is COMMIT': [
      ...Object.values(BEGINNING),
      asks(`INSERT INTO users (name) VALUES ('waits at COMMIT')`),
      asks('COMMIT'),
    ],
    'in a text of several': [asks('BEGIN; SELECT pg_advisory_xact_lock(1); COMMIT')],
  };
  for (const [where, program] of Object.entries(RUNNING)) {
    test(where, async (t) => {
      const scene = await sceneFor(t, { schema: SCHEMA });
      await scene.witness.rows('SELECT pg_advisory_lock(1)');
      const sandbox = scene.sandboxOf(t.name);
      const app: App = { pool: sandbox.pool, client: undefined };
      const failed = firstErrorOf(app, program);
      await scene.witness.untilSomebodyWaits();

      await terminate(scene);
      assert.match((await failed)?.message ?? '', REASON);
      await assert.rejects(asks('SELECT 1')(app), { message: REASON });
      app.client?.release();
      await assert.rejects(sandbox.close(), (error: unknown) => {
        assert.ok(error instanceof SetupError);
        assert.equal(error.code, 'ERR_SAVEPOINT_CONNECTION_LOST');
        assert.match(error.message, REASON);
        return true;
      });
      await assertHarmless(t, scene);
    });
  }
});

test('in one client’s transaction: others do not wait for its end', async (t) => {
  const scene = await sceneFor(t, { schema: SCHEMA });
  const lost = loss(scene);
  const sandbox = scene.sandboxOf('has two clients');
  const client = await sandbox.pool.connect();
  await client.query('BEGIN');
  await client.query(`INSERT INTO users (name) VALUES ('in a transaction')`);
  await terminate(scene);
  await lost;
  await assert.rejects(sandbox.pool.query('SELECT 1'), { message: REASON });
  client.release();
  await assert.rejects(sandbox.close(), { message: REASON });
  await assertHarmless(t, scene);
});

test('before a test: its sandbox gets another connection', async (t) => {
  const scene = await sceneFor(t, { schema: SCHEMA });
  const lost = loss(scene);
  const first = scene.sandboxOf('before');
  await first.pool.query('SELECT 1');
  await first.close();
  await terminate(scene);
  await lost;
  await assertHarmless(t, scene);
});
