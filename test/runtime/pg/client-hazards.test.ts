/** What an app does wrong with a pool and its clients is said at once or at the test's end, with the lines. */
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import type { Trace } from '../../../runtime/src/trace.ts';
import { openedFor } from './support/sandbox.ts';

/** Hears the hazards that are told as warnings. */
function warnings(t: TestContext): HazardError[] {
  const heard: HazardError[] = [];
  t.mock.method(process, 'emitWarning', (warning: unknown) => {
    if (warning instanceof HazardError) heard.push(warning);
  });
  return heard;
}

const lineOf = (trace: Trace | undefined) => {
  assert.equal(trace?.place?.file, import.meta.filename);
  return trace.place.line;
};
/** The line of the caller. */
const here = () =>
  Number(/:(\d+):\d+\)?$/.exec((new Error().stack ?? '').split('\n')[2] ?? '')?.[1]);

const NESTED = { code: 'no-nested-checkout' };
const ROW = [{ one: 1 }];

describe('code inside its own transaction asks the pool', () => {
  test('and is told both lines, at once; nothing was sent, and the transaction goes on', async (t) => {
    const { pool } = await openedFor(t);
    const client = await pool.connect();
    const began = here() + 1;
    await client.query('BEGIN');
    const asked = here() + 1;
    const refused = await pool.query('SELECT 1').catch((error: unknown) => error);
    assert.ok(refused instanceof HazardError);
    assert.equal(refused.code, 'no-nested-checkout');
    assert.equal(lineOf(refused.acquired), began);
    assert.equal(lineOf(refused.used), asked);
    assert.deepEqual((await client.query('SELECT 1 AS one')).rows, ROW);
    await client.query('COMMIT');
    assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, ROW);
    client.release();
  });

  type Transaction = (
    pool: pg.Pool,
    work: (client: pg.PoolClient) => Promise<unknown>,
  ) => Promise<unknown>;
  const inline: Transaction = async (pool, work) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
  /** How apps and libraries write transactions. */
  const SHAPES: Record<string, Transaction> = {
    'an async function': inline,
    'a begin in a function of its own': async (pool, work) => {
      const begin = async (client: pg.PoolClient) => {
        await client.query({ text: 'START TRANSACTION READ WRITE' });
      };
      const client = await pool.connect();
      try {
        await begin(client);
        await work(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    'promises in a chain': (pool, work) =>
      pool.connect().then((client) =>
        client
          .query('BEGIN')
          .then(() => work(client))
          .finally(() =>
            client.query('ROLLBACK').then(() => {
              client.release();
            }),
          ),
      ),
    callbacks: (pool, work) =>
      new Promise((resolve, reject) => {
        pool.connect((_, client, release) => {
          assert.ok(client);
          client.query('BEGIN', () => {
            work(client)
              .then(resolve, reject)
              .finally(() => {
                client.query('ROLLBACK', () => {
                  release();
                });
              });
          });
        });
      }),
    'a chained transaction': (pool, work) =>
      inline(pool, async (client) => {
        await client.query('COMMIT AND CHAIN');
        await work(client);
      }),
    'a function that begins and returns the client': async (pool, work) => {
      const begin = async () => {
        const client = await pool.connect();
        await Promise.all([client.query('BEGIN')]);
        return client;
      };
      const client = await (async () => begin())();
      try {
        await work(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    'a builder that asks when it is awaited': async (pool, work) => {
      const builder = (ask: () => Promise<unknown>): PromiseLike<unknown> => ({
        // As Drizzle's and Knex's queries are.
        then: (resolve, reject) => ask().then(resolve, reject),
      });
      const client = await pool.connect();
      try {
        await builder(() => client.query('BEGIN'));
        await work(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    'a queue that answers later': async (pool, work) => {
      const client = await pool.connect();
      try {
        await new Promise<void>((resolve) => {
          client.query('BEGIN', () => {
            process.nextTick(() => setImmediate(resolve));
          });
        });
        await work(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    'a text that ends inside': async (pool, work) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN; COMMIT; /* again */ BEGIN; SELECT 1');
        await work(client);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
  };
  /** How the pool is asked inside. */
  const ASKS: Record<string, (pool: pg.Pool) => Promise<unknown>> = {
    'pool.query': (pool) => pool.query('SELECT 1'),
    'pool.query with a callback': (pool) =>
      new Promise((resolve, reject) => {
        pool.query('SELECT 1', (error, result) => {
          if (error as Error | null) reject(error);
          else resolve(result);
        });
      }),
    'a client of its own': async (pool) => {
      const client = await pool.connect();
      try {
        return await client.query('SELECT 1');
      } finally {
        client.release();
      }
    },
    'a transaction of its own': (pool) => inline(pool, () => Promise.resolve()),
    'far below': async (pool) => {
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.resolve().then(() => pool.query('SELECT 1'));
    },
  };
  for (const [shape, transaction] of Object.entries(SHAPES)) {
    for (const [way, ask] of Object.entries(ASKS)) {
      test(`${shape}, ${way}`, async (t) => {
        const { pool } = await openedFor(t);
        await assert.rejects(
          transaction(pool, () => ask(pool)),
          NESTED,
        );
      });
    }
  }

  test('a pool of one client: whoever has it does not wait for it', async (t) => {
    const { pool } = await openedFor(t, { pool: { max: 1 } });
    await assert.rejects(
      inline(pool, () => pool.query('SELECT 1')),
      NESTED,
    );
    await assert.rejects(
      inline(pool, () => pool.connect()),
      NESTED,
    );
    assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, ROW);
  });
});

describe('statements that only have to wait are served', () => {
  const work = async (pool: pg.Pool, during: () => Promise<unknown>) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await during();
      await client.query('SELECT pg_sleep(0.01)');
      await client.query('COMMIT');
    } finally {
      client.release();
    }
  };
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  test('beside a transaction that does something else meanwhile', async (t) => {
    const { pool } = await openedFor(t);
    const [, , result] = await Promise.all([
      work(pool, turns),
      work(pool, turns),
      pool.query('SELECT 1 AS one'),
      turns().then(() => pool.query('SELECT 1')),
    ]);
    assert.deepEqual(result.rows, ROW);
  });

  test('beside a transaction on a client that was there before', async (t) => {
    const { pool } = await openedFor(t);
    const client = await pool.connect();
    const begun = client.query('BEGIN');
    const beside = pool.query('SELECT 1 AS one');
    await begun;
    await turns();
    await client.query('COMMIT');
    assert.deepEqual((await beside).rows, ROW);
    client.release();
  });

  test('inside a transaction that goes on without waiting for them', async (t) => {
    const { pool } = await openedFor(t);
    const client = await pool.connect();
    await client.query('BEGIN');
    const unawaited = pool.query('SELECT 1 AS one');
    await client.query('COMMIT');
    assert.deepEqual((await unawaited).rows, ROW);
    client.release();
  });

  const pause = () => setTimeout(5);
  /** None of them asks inside a transaction what that transaction waits for. */
  const INNOCENTS: Record<string, (pool: pg.Pool) => Promise<unknown>> = {
    'code that was begun before it, in the same function': async (pool) => {
      const before = pause().then(() => pool.query('SELECT 1'));
      await Promise.all([before, work(pool, () => setTimeout(20))]);
    },
    'code that was begun after it, in the same function': async (pool) => {
      const transaction = work(pool, () => setTimeout(20));
      await Promise.all([transaction, pause().then(() => pool.query('SELECT 1'))]);
    },
    'the caller of a function that begins on a client that is there': async (pool) => {
      const client = await pool.connect();
      const transaction = (async () => {
        await client.query('BEGIN');
        await setTimeout(20);
        await client.query('COMMIT');
        client.release();
      })();
      await pause();
      await pool.query('SELECT 1');
      await transaction;
    },
    'code that the transaction gave a sign': async (pool) => {
      const signs = new EventEmitter();
      const signalled = once(signs, 'begun').then(() => pool.query('SELECT 1'));
      await work(pool, async () => {
        signs.emit('begun');
        await setTimeout(20);
      });
      await signalled;
    },
    'two transactions that know nothing of each other': (pool) =>
      Promise.all([work(pool, pause), work(pool, pause), work(pool, turns)]),
    'a query of its own that it does not wait for': async (pool) => {
      let log: Promise<unknown> | undefined;
      await work(pool, async () => {
        log = pool.query('SELECT 1');
        await setTimeout(20);
      });
      await log;
    },
    'a listener that logs what it hears of the transaction': async (pool) => {
      const events = new EventEmitter();
      const logged: Promise<unknown>[] = [];
      events.on('saved', () => logged.push(pool.query('SELECT 1')));
      await work(pool, async () => {
        events.emit('saved');
        await setTimeout(20);
      });
      await Promise.all(logged);
    },
    'somebody who waited for a client that the transaction’s code gave back': async (pool) => {
      const [first, second] = [await pool.connect(), await pool.connect()];
      const waiting = pool.connect().then(async (client) => {
        await client.query('SELECT 1');
        client.release();
      });
      await first.query('BEGIN').then(() => {
        second.release();
      });
      await setTimeout(20);
      await first.query('COMMIT');
      first.release();
      await waiting;
    },
    'other requests to the same server': async (pool) => {
      const server = createServer((request, response) => {
        const answered =
          request.url === '/transaction'
            ? work(pool, () => setTimeout(20))
            : pool.query('SELECT 1');
        answered.then(
          () => response.end(),
          (error: unknown) => response.writeHead(500).end(String(error)),
        );
      }).listen(0);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const paths = ['', 'transaction', '', 'transaction', ''];
      const responses = await Promise.all(
        paths.map((path) => fetch(`http://localhost:${String(port)}/${path}`)),
      );
      for (const response of responses) assert.equal(response.status, 200, await response.text());
      server.close();
      server.closeAllConnections();
    },
  };
  for (const [who, run] of Object.entries(INNOCENTS)) {
    test(who, async (t) => {
      // Two: somebody has to wait for a client.
      const { pool } = await openedFor(t, { pool: { max: 2 } });
      await run(pool);
    });
  }

  test('whatever runs at once, as long as nobody asks the pool inside', async (t) => {
    const { pool } = await openedFor(t);
    type Step = 'pause' | 'turn' | 'query' | 'transaction';
    const step = fc.constantFrom<Step>('pause', 'turn', 'query', 'transaction');
    const take: Record<Step, () => Promise<unknown>> = {
      pause: () => setTimeout(1),
      turn: () => new Promise((resolve) => setImmediate(resolve)),
      query: () => pool.query('SELECT 1'),
      transaction: () => work(pool, () => setTimeout(1)),
    };
    const actor = async (steps: readonly Step[]) => {
      for (const each of steps) await take[each]();
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 5 }), { minLength: 2, maxLength: 5 }),
        async (actors) => {
          await Promise.all(actors.map(actor));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('in subtests that run at once', async (t) => {
    const { pool } = await openedFor(t);
    await Promise.all([
      t.test('a transaction', () => work(pool, () => setTimeout(20))),
      t.test('another one', () => work(pool, pause)),
      t.test('a statement', async () => {
        await pause();
        await pool.query('SELECT 1');
      }),
    ]);
  });

  test('after the transaction, by the code that was in it', async (t) => {
    const { pool } = await openedFor(t);
    await work(pool, () => Promise.resolve());
    assert.deepEqual((await pool.query('SELECT 1 AS one')).rows, ROW);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query('ROLLBACK');
    other.release();
  });

  test('asked of a new client by a listener of the pool', async (t) => {
    const { pool } = await openedFor(t);
    const asked: Promise<unknown>[] = [];
    pool.on('connect', (client) => asked.push(client.query('SELECT 1')));
    const client = await pool.connect();
    await client.query('BEGIN');
    const second = await pool.connect();
    await turns();
    await client.query('COMMIT');
    client.release();
    second.release();
    assert.equal((await Promise.all(asked)).length, 2);
  });
});

test('two clients on purpose, the second waiting for the first: no-sandboxed-concurrency-test', async (t) => {
  const { pool } = await openedFor(t);
  const [first, second] = [await pool.connect(), await pool.connect()];
  const began = here() + 1;
  await first.query('BEGIN');
  const asked = here() + 1;
  const refused = await second.query('SELECT 1').catch((error: unknown) => error);
  assert.ok(refused instanceof HazardError);
  assert.equal(refused.code, 'no-sandboxed-concurrency-test');
  assert.deepEqual([lineOf(refused.acquired), lineOf(refused.used)], [began, asked]);
  await first.query('ROLLBACK');
  assert.deepEqual((await second.query('SELECT 1 AS one')).rows, ROW);
  first.release();
  second.release();
});

describe('a second statement on a client whose first is not answered', () => {
  test('is noted once, with both lines, and runs in order', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    const first = here() + 1;
    const one = client.query('SELECT 1 AS one');
    const two = client.query('SELECT 1 AS one');
    await Promise.all([one, two, client.query('SELECT 1')]);
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['no-concurrent-client-queries'],
    );
    assert.deepEqual([lineOf(heard[0]?.acquired), lineOf(heard[0]?.used)], [first, first + 1]);
    client.release();
  });

  test('is nothing new through the pool, on a pipelined client, or behind another borrower', async (t) => {
    const heard = warnings(t);
    const { pool } = await openedFor(t, { pool: { max: 1 } });
    await Promise.all([1, 2, 3].map(() => pool.query('SELECT 1')));
    const client = await pool.connect();
    const unawaited = client.query('SELECT 1');
    client.release();
    await pool.query('SELECT 1');
    await unawaited;
    const { pool: pipelined } = await openedFor(t, { pool: { pipeline: true } });
    const fast = await pipelined.connect();
    await Promise.all([1, 2, 3].map(() => fast.query('SELECT 1')));
    fast.release();
    assert.deepEqual(heard, []);
  });
});

describe('a client that is released inside a transaction', () => {
  test('is still in it, and fails the test at its end with the lines', async (t) => {
    const { sandbox, pool } = await openedFor(t);
    const taken = here() + 1;
    const client = await pool.connect();
    await client.query('BEGIN');
    client.release();
    const next = await pool.connect();
    assert.equal(next.getTransactionStatus(), 'T');
    await next.query('ROLLBACK');
    next.release();
    await assert.rejects(sandbox.close(), (error: unknown) => {
      assert.ok(error instanceof HazardError);
      assert.equal(error.code, 'no-dirty-release');
      assert.deepEqual([lineOf(error.acquired), lineOf(error.used)], [taken, taken + 2]);
      assert.match(error.happened, new RegExp(`began at .*:${String(taken + 1)}:`));
      return true;
    });
  });

  const CLEAN: Record<string, (client: pg.PoolClient) => unknown> = {
    'after COMMIT': async (client) => {
      await client.query('COMMIT');
      client.release();
    },
    'with COMMIT on its way': (client) => {
      const committed = client.query('COMMIT');
      client.release();
      return committed;
    },
    'with an error': (client) => {
      client.release(new Error('broken'));
    },
    'to be thrown away': (client) => {
      client.release(true);
    },
  };
  for (const [how, release] of Object.entries(CLEAN)) {
    test(`is no hazard ${how}`, async (t) => {
      const { sandbox, pool } = await openedFor(t, { schema: 'CREATE TABLE users (id int)' });
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query('INSERT INTO users VALUES (1)');
      await release(client);
      const { rows } = await pool.query<{ n: number }>('SELECT count(*)::int AS n FROM users');
      assert.equal(rows[0]?.n, how.includes('COMMIT') ? 1 : 0);
      await sandbox.close();
    });
  }
});

describe('transactions through pool.query', () => {
  const LEFT_OPEN = [
    'BEGIN',
    '/* x */ begin work',
    'START TRANSACTION; SELECT 1',
    'BEGIN; COMMIT AND CHAIN',
    'COMMIT; BEGIN',
  ];
  for (const sql of LEFT_OPEN) {
    test(`${sql} is refused, and nothing is sent`, async (t) => {
      const { pool, connections } = await openedFor(t);
      const refused = { code: 'no-pool-query-transaction' };
      await assert.rejects(pool.query(sql), refused);
      await assert.rejects(pool.query({ text: sql }), refused);
      const error = await new Promise((resolve) => {
        pool.query(sql, resolve);
      });
      assert.ok(error instanceof HazardError);
      assert.equal(error.used?.place?.file, import.meta.filename);
      assert.equal(connections.totalCount, 0);
    });
  }

  const COMPLETE = [
    'BEGIN; SELECT 1; COMMIT',
    "SELECT 'begin'",
    'COMMIT',
    'ROLLBACK',
    'BEGIN; ROLLBACK AND NO CHAIN',
  ];
  for (const sql of COMPLETE) {
    test(`${sql} is not`, async (t) => {
      const { pool } = await openedFor(t);
      await assert.doesNotReject(pool.query(sql));
    });
  }
});

describe('a statement after a failed one in a transaction', () => {
  test('tells where the first one was; the app gets the server’s error', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    await client.query('BEGIN');
    const failed = here() + 1;
    const first = await client.query('SELECT 1 / 0').catch((error: unknown) => error as Error);
    await assert.rejects(client.query('SELECT 1'), (error: pg.DatabaseError) => {
      assert.deepEqual([error.code, error.cause], ['25P02', first]);
      return true;
    });
    await assert.rejects(client.query('SELECT 2'), { code: '25P02' });
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['no-swallowed-sql-error'],
    );
    assert.deepEqual([lineOf(heard[0]?.acquired), lineOf(heard[0]?.used)], [failed, failed + 1]);
    assert.match(heard[0]?.message ?? '', /division by zero/);
    await client.query('ROLLBACK');
    client.release();
  });

  test('is COMMIT, too, which saves nothing', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    await client.query('BEGIN');
    await assert.rejects(client.query('SELECT 1 / 0'));
    assert.equal((await client.query('COMMIT')).command, 'ROLLBACK');
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['no-swallowed-sql-error'],
    );
    client.release();
  });

  test('is nothing after ROLLBACK, or ROLLBACK TO a savepoint', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('SAVEPOINT before');
    await assert.rejects(client.query('SELECT 1 / 0'));
    await client.query('ROLLBACK TO before');
    await client.query('COMMIT');
    assert.deepEqual(heard, []);
    client.release();
  });
});

describe('what only the pool may do', () => {
  test('a second release throws the driver’s error and tells where the first was', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    const released = here() + 1;
    client.release();
    assert.throws(() => {
      client.release();
    }, /^Error: Release called on client which has already been released to the pool\.$/);
    assert.deepEqual(
      heard.map(({ code }) => code),
      ['no-client-misuse'],
    );
    assert.equal(lineOf(heard[0]?.acquired), released);
  });

  const MISUSES: Record<string, (client: pg.PoolClient) => Promise<unknown>> = {
    'client.end()': (client) => client.end(),
    'client.connect()': (client) => client.connect().catch(() => undefined),
  };
  for (const [what, misuse] of Object.entries(MISUSES)) {
    test(`${what} is noted`, async (t) => {
      const { pool } = await openedFor(t);
      const heard = warnings(t);
      const client = await pool.connect();
      const called = here() + 1;
      await misuse(client);
      client.release();
      assert.deepEqual(
        heard.map(({ code }) => code),
        ['no-client-misuse'],
      );
      assert.ok(called);
      assert.equal(heard[0]?.used?.place?.file, import.meta.filename);
    });
  }

  test('what the pool itself does is not', async (t) => {
    const { pool } = await openedFor(t);
    const heard = warnings(t);
    const client = await pool.connect();
    client.release(true);
    await assert.rejects(pool.query('SELEKT'));
    await pool.end();
    assert.deepEqual(heard, []);
  });
});

test('the waiting for somebody else’s transaction has an end that names it', async (t) => {
  const { sandbox, pool } = await openedFor(t);
  const elsewhere = AsyncResource.bind(() => pool.query('SELECT 1'));
  const client = await pool.connect();
  const began = here() + 1;
  await client.query('BEGIN');
  await assert.rejects(elsewhere(), {
    code: 'ERR_SAVEPOINT_TRANSACTION_WAIT',
    message: new RegExp(`client-hazards\\.test\\.ts:${String(began)}:`),
  });
  await client.query('ROLLBACK');
  client.release();
  await sandbox.close();
});
