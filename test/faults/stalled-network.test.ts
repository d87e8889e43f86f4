/**
 * A network that stalls: no error, no end, nothing. A sandbox ends by its limits, says what it waited
 * for, and leaves nothing once the server learns that its client is gone.
 */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type pg from 'pg';
import { scratchDatabase } from '../support/database.ts';
import { hazardsOf, sceneFor, type Scene } from './support/sandboxes.ts';
import { stallingProxy, type Direction, type StallingProxy } from './support/stalling-proxy.ts';

const SCHEMA = 'CREATE TABLE users (id serial PRIMARY KEY, name text)';
const DIRECTIONS: readonly Direction[] = ['to the server', 'to the client'];

interface Stalled extends Scene {
  readonly proxy: StallingProxy;
}

/** Sandboxes whose connections go through a proxy, and a witness whose do not. */
async function behindProxy(t: TestContext, app: pg.PoolConfig = {}): Promise<Stalled> {
  const database = await scratchDatabase(t);
  const proxy = await stallingProxy(database);
  t.after(() => proxy.close().catch(() => undefined));
  const scene = await sceneFor(t, {
    schema: SCHEMA,
    database,
    // Of the app's options, those that say how to connect.
    real: {
      connectionString: proxy.connectionString,
      connectionTimeoutMillis: app.connectionTimeoutMillis,
    },
    app,
  });
  return { ...scene, proxy };
}

/** With the proxy, the last trace of the stalled connections has gone, too. */
async function assertNothingLeft({ proxy, connections, witness }: Stalled): Promise<void> {
  await proxy.close();
  await connections.end();
  await witness.untilAlone();
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
}

const INSERT = `INSERT INTO users (name) VALUES ('stalled')`;

/** By the statement that meets the stall: what is asked before it, by one client. */
const STEPS: Record<string, readonly string[]> = {
  [INSERT]: [],
  'SELECT 1': [INSERT],
  'SELECT 2': ['BEGIN', INSERT],
  'ROLLBACK TO SAVEPOINT a': ['BEGIN', 'SAVEPOINT a', INSERT],
  'BEGIN; SELECT 3; COMMIT': [INSERT, 'BEGIN', INSERT, 'COMMIT'],
};

describe('in the middle of a test', { concurrency: true }, () => {
  for (const direction of DIRECTIONS) {
    for (const [met, before] of Object.entries(STEPS)) {
      test(`${direction}, at ${met} after ${before.join(', ') || 'nothing'}`, async (t) => {
        const scene = await behindProxy(t);
        const sandbox = scene.sandboxOf('meets a stall');
        const client = await sandbox.pool.connect();
        for (const sql of before) await client.query(sql);

        scene.proxy.stall(direction);
        const answer = client.query(met).then(
          () => undefined,
          (error: unknown) => error as Error,
        );
        client.release();
        const ended = await sandbox.close().catch((error: unknown) => error);
        assert.equal(hazardsOf(ended)[0], 'no-late-activity');
        assert.match((await answer)?.message ?? '', /was lost|terminated|still waiting/);
        await assertNothingLeft(scene);
      });
    }

    test(`${direction}, while nothing is asked`, async (t) => {
      const scene = await behindProxy(t);
      const sandbox = scene.sandboxOf('meets a stall');
      await sandbox.pool.query(INSERT);
      scene.proxy.stall(direction);
      await sandbox.close();
      await assertNothingLeft(scene);
    });

    test(`${direction}, and the app bounds its queries`, async (t) => {
      const scene = await behindProxy(t, { query_timeout: 300 });
      const sandbox = scene.sandboxOf('meets a stall');
      await sandbox.pool.query(INSERT);
      scene.proxy.stall(direction);
      await assert.rejects(sandbox.pool.query('SELECT 1'), { message: 'Query read timeout' });
      // What waits behind it does not wait for ever, either.
      const reason = { message: /a statement that was given up goes on, and cannot be cancelled/ };
      await assert.rejects(sandbox.pool.query('SELECT 2'), reason);
      await assert.rejects(sandbox.close(), reason);
      await assertNothingLeft(scene);
    });
  }
});

describe('before the connection is made', { concurrency: true }, () => {
  for (const direction of DIRECTIONS) {
    test(`${direction}, and the app bounds connecting`, async (t) => {
      const scene = await behindProxy(t, { connectionTimeoutMillis: 300 });
      scene.proxy.stall(direction);
      const sandbox = scene.sandboxOf('meets a stall');
      await assert.rejects(sandbox.pool.query('SELECT 1'), /timeout/);
      await sandbox.close();
      await assertNothingLeft(scene);
    });

    test(`${direction}, and nothing is bounded`, async (t) => {
      const scene = await behindProxy(t);
      scene.proxy.stall(direction);
      const sandbox = scene.sandboxOf('meets a stall');
      const answer = sandbox.pool.query('SELECT 1').then(
        () => undefined,
        (error: unknown) => error as Error,
      );
      await sandbox.close();
      assert.match((await answer)?.message ?? '', /still waiting/);
      await assertNothingLeft(scene);
    });
  }
});
