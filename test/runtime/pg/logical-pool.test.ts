/** The pool of a sandbox keeps the contract of `pg.Pool`: each scenario sees the same with either. */
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import pg from 'pg';
import { openedFor } from './support/sandbox.ts';

type Scenario = (pool: pg.Pool) => Promise<unknown>;

/** What a promise comes to. */
const outcome = (promise: Promise<unknown>) =>
  promise.catch((error: unknown) => {
    const { message, code } = error as { message: string; code?: string };
    return { message, code };
  });
const counts = ({ totalCount, idleCount, waitingCount }: pg.Pool) => ({
  totalCount,
  idleCount,
  waitingCount,
});
const answer = ({ command, rowCount, rows, fields }: pg.QueryResult) => ({
  command,
  rowCount,
  rows: rows as unknown[],
  fields: fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
});

const SCENARIOS: Record<string, { readonly options?: pg.PoolConfig; readonly scenario: Scenario }> =
  {
    'counts and events of a checkout': {
      scenario: async (pool) => {
        const seen: unknown[] = [];
        for (const event of ['connect', 'acquire', 'release', 'remove'] as const)
          pool.on(event, () => seen.push([event, counts(pool)]));
        const client = await pool.connect();
        client.release();
        const again = await pool.connect();
        seen.push(again === client);
        const removed = once(pool, 'remove');
        again.release(true);
        await removed;
        await pool.query('SELECT 1');
        return seen;
      },
    },
    'a full pool makes others wait': {
      options: { max: 1 },
      scenario: async (pool) => {
        const client = await pool.connect();
        const waiting = pool.query('SELECT 1 AS one');
        const full = counts(pool);
        client.release();
        return [full, (await waiting).rows, counts(pool)];
      },
    },
    'a full pool with a time-out refuses': {
      options: { max: 1, connectionTimeoutMillis: 1_500 },
      scenario: async (pool) => {
        const client = await pool.connect();
        const refused = await outcome(pool.connect());
        client.release();
        return [refused, counts(pool)];
      },
    },
    'a client is released once': {
      scenario: async (pool) => {
        const client = await pool.connect();
        client.release();
        assert.throws(() => {
          client.release();
        }, /Release called on client which has already been released to the pool\./);
        return counts(pool);
      },
    },
    'the forms of a query': {
      scenario: async (pool) => {
        const client = await pool.connect();
        const byCallback = await new Promise((resolve) => {
          client.query('SELECT $1::int AS n', [1], (error, result) => {
            resolve([error, answer(result)]);
          });
        });
        const failed = await new Promise((resolve) => {
          client.query('SELEKT', (error) => {
            resolve(error.message);
          });
        });
        const seen = [
          byCallback,
          failed,
          answer(await client.query({ text: 'SELECT $1::text AS t', values: ['x'] })),
          answer(await client.query({ text: 'SELECT 1, 2', rowMode: 'array' })),
          answer(await client.query({ name: 'named', text: 'SELECT $1::int AS n', values: [2] })),
          answer(await client.query({ name: 'named', text: 'SELECT $1::int AS n', values: [3] })),
          await outcome(client.query({ name: 'named', text: 'SELECT 4' })),
          await outcome(client.query('SELECT $1::int', ['not a number'])),
          await outcome(client.query('SELECT $1::int', 1 as unknown as unknown[])),
          answer(await client.query('SELECT now() AS t', [])).fields,
          answer(await client.query('SELECT 1 AS one', [])),
          answer(
            await client.query({
              text: 'SELECT 1 AS n',
              types: { getTypeParser: () => () => 'parsed' },
            }),
          ),
        ];
        assert.throws(
          () => client.query(undefined as unknown as string),
          /null or undefined query/,
        );
        client.release();
        return seen;
      },
    },
    'type parsers of a client': {
      scenario: async (pool) => {
        const client = await pool.connect();
        client.setTypeParser(pg.types.builtins.INT4, () => 'mine');
        const { rows } = await client.query('SELECT 1::int4 AS n, 2::int8 AS m');
        client.release(true);
        return [rows, (await pool.query('SELECT 1::int4 AS n')).rows];
      },
    },
    'the callbacks of a pool': {
      scenario: (pool) =>
        new Promise((resolve) => {
          pool.connect((error, client, release) => {
            assert.ok(client);
            client.query('SELECT 1 AS one', (_, result) => {
              release();
              pool.query('SELECT 1 / 0', (failure) => {
                resolve([error, result.rows, failure.message, counts(pool)]);
              });
            });
          });
        }),
    },
    'a submittable is answered as it is': {
      scenario: async (pool) => {
        const client = await pool.connect();
        const rows: unknown[] = [];
        const query = new pg.Query('SELECT generate_series(1, 3) AS n');
        assert.equal(client.query(query), query);
        query.on('row', (row) => rows.push(row));
        await new Promise((resolve) => query.on('end', resolve));
        client.release();
        return rows;
      },
    },
    'statements of one client run in order': {
      scenario: async (pool) => {
        const client = await pool.connect();
        const seen: string[] = [];
        const say = (word: string) => () => seen.push(word);
        await Promise.all([
          client.query('SELECT pg_sleep(0.05)').then(say('first')),
          client.query('SELEKT').catch(say('second')),
          client.query('SELECT 1').then(say('third')),
        ]);
        client.release();
        return seen;
      },
    },
    'an ended pool': {
      scenario: async (pool) => {
        await pool.query('SELECT 1');
        await pool.end();
        return [
          await outcome(pool.query('SELECT 1')),
          await outcome(pool.connect()),
          await outcome(pool.end()),
          pool.ending,
          pool.ended,
        ];
      },
    },
    'a query that takes too long': {
      options: { query_timeout: 50 },
      scenario: async (pool) => [await outcome(pool.query('SELECT pg_sleep(0.2)'))],
    },
    'a statement time-out of the server': {
      scenario: async (pool) => {
        const client = await pool.connect();
        await client.query('BEGIN; SET LOCAL statement_timeout = 50');
        const seen = [
          await outcome(client.query('SELECT pg_sleep(10)')),
          await outcome(client.query('SELECT 1')),
        ];
        await client.query('ROLLBACK');
        client.release();
        return [...seen, (await pool.query('SHOW statement_timeout')).rows];
      },
    },
  };

async function poolsFor(
  t: TestContext,
  options: pg.PoolConfig,
): Promise<{ real: pg.Pool; sandboxed: pg.Pool }> {
  const { pool: sandboxed, connections } = await openedFor(t, { pool: options });
  // eslint-disable-next-line savepoint/no-per-test-pool -- the pool is what is tested
  const real = new pg.Pool({ ...connections.options, ...options });
  t.after(() => (real.ending ? undefined : real.end()));
  return { real, sandboxed };
}

describe('what an app sees of its pool', () => {
  for (const [title, { options = {}, scenario }] of Object.entries(SCENARIOS)) {
    test(title, async (t) => {
      const { real, sandboxed } = await poolsFor(t, options);
      assert.deepEqual(await scenario(sandboxed), await scenario(real));
    });
  }
});

test('pool and client are what libraries test for', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  assert.ok(pool instanceof pg.Pool);
  assert.ok(client instanceof pg.Client);
  assert.equal(client.escapeLiteral("it's"), "'it''s'");
  client.release();
});

test('a callback runs in the context of who asked, whoever opened the connection', async (t) => {
  const { pool } = await openedFor(t, { pool: { max: 1 } });
  const context = new AsyncLocalStorage<string>();
  const asked = (who: string) =>
    context.run(
      who,
      () =>
        new Promise((resolve) => {
          pool.query('SELECT 1', () => {
            resolve(context.getStore());
          });
        }),
    );
  assert.deepEqual(await Promise.all(['first', 'second', 'third'].map(asked)), [
    'first',
    'second',
    'third',
  ]);
});

test('two clients may give one name to two statements', async (t) => {
  const { pool } = await openedFor(t);
  const [one, two] = [await pool.connect(), await pool.connect()];
  assert.deepEqual((await one.query({ name: 'same', text: 'SELECT 1 AS n' })).rows, [{ n: 1 }]);
  assert.deepEqual((await two.query({ name: 'same', text: 'SELECT 2 AS n' })).rows, [{ n: 2 }]);
  one.release();
  two.release();
});

test('statements wait while another client is in a transaction', async (t) => {
  const { pool } = await openedFor(t, { schema: 'CREATE TABLE users (id int)' });
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('INSERT INTO users VALUES (1)');
  const seen = pool.query('SELECT count(*)::int AS n FROM users');
  await client.query('ROLLBACK');
  assert.deepEqual((await seen).rows, [{ n: 0 }]);
  client.release();
});

test('no more than one statement is on its way at a time', async (t) => {
  const { pool } = await openedFor(t);
  const warned: string[] = [];
  const listen = ({ name, message }: Error) => {
    if (name === 'DeprecationWarning') warned.push(message);
  };
  process.on('warning', listen);
  t.after(() => process.off('warning', listen));
  const client = await pool.connect();
  await Promise.all(Array.from({ length: 20 }, (_, n) => client.query('SELECT $1::int', [n])));
  client.release();
  await Promise.all(Array.from({ length: 20 }, (_, n) => pool.query('SELECT $1::int', [n])));
  assert.deepEqual(warned, []);
});
