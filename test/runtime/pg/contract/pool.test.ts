/** The pool of a sandbox keeps the contract of `pg.Pool`: events, counts, options, its end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe } from 'node:test';
import pg from 'pg';
import { agree, called, outcome } from '../support/pool-twins.ts';

/** What comes with an event that was waited for. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('events', () => {
  agree({
    'of a checkout and a second one': async (pool, log) => {
      const client = await pool.connect();
      log.say('taken', client);
      await client.query('SELECT 1');
      client.release();
      const again = await pool.connect();
      log.say('taken', again);
      again.release();
      return undefined;
    },
    'of a checkout by callback': async (pool, log) => {
      await called((done) => {
        pool.connect((error, client, release) => {
          log.say('taken', error, client);
          release();
          done();
        });
      });
      return undefined;
    },
    'of queries of the pool': async (pool, log) => {
      log.say('answered', await pool.query('SELECT 1 AS one'));
      const removed = once(pool, 'remove');
      log.say('failed', await outcome(pool.query('SELECT nothing')));
      await removed;
      log.say('answered', await pool.query('SELECT $1::int AS one', [1]));
      return undefined;
    },
    'of queries of the pool by callback': async (pool, log) => {
      log.say(
        'answered',
        await called((done) => {
          pool.query('SELECT 2 AS two', done);
        }),
      );
      const removed = once(pool, 'remove');
      log.say(
        'failed',
        await called((done) => {
          pool.query('SELEKT', [], done);
        }),
      );
      await removed;
      return undefined;
    },
    'of statements of a client': async (pool, log) => {
      const client = await pool.connect();
      client.on('drain', () => {
        log.say('drained');
      });
      await Promise.all([client.query('SELECT 1'), client.query('SELECT 2')]);
      log.say('both');
      client.query('SELECT 3', () => {
        log.say('called');
      });
      await once(client, 'drain');
      await client.query('SELECT $1::int', [4]);
      client.release();
      return undefined;
    },
    'of a release that throws the client away': async (pool, log) => {
      for (const reason of [true, new Error('broken')]) {
        const client = await pool.connect();
        const removed = once(pool, 'remove');
        client.release(reason);
        log.say('released');
        await removed;
        await settled();
      }
      return undefined;
    },
    'of an idle client whose connection breaks': async (pool, log) => {
      const client = await pool.connect();
      client.release();
      // `once` of node:events would reject: the pool tells the error, too.
      const removed = new Promise((resolve) => pool.once('remove', resolve));
      client.emit('error', new Error('broken'));
      log.say('broken');
      await removed;
      await settled();
      return await pool.query('SELECT 1 AS one');
    },
  });
});

describe('options', () => {
  agree({
    'max: who waits is served in order': {
      options: { max: 1 },
      program: async (pool, log) => {
        const client = await pool.connect();
        const waiting = [1, 2, 3].map((n) =>
          pool.query('SELECT $1::int AS n', [n]).then(({ rows }) => {
            log.say('served', rows);
          }),
        );
        log.say('all out');
        client.release();
        await Promise.all(waiting);
        return log.counts;
      },
    },
    'connectionTimeoutMillis: who waits too long is told': {
      options: { max: 1, connectionTimeoutMillis: 1_000 },
      program: async (pool, log) => {
        const client = await pool.connect();
        const [byCallback, ...refused] = await Promise.all([
          called((done) => {
            pool.connect(done);
          }),
          outcome(pool.connect()),
          outcome(pool.query('SELECT 1')),
        ]);
        log.say('refused', refused, byCallback.slice(0, 1));
        client.release();
        return await pool.query('SELECT 1 AS one');
      },
    },
    'idleTimeoutMillis: idle clients go': {
      options: { idleTimeoutMillis: 10 },
      program: async (pool, log) => {
        const removed = once(pool, 'remove');
        (await pool.connect()).release();
        await removed;
        return log.counts;
      },
    },
    'min: some idle clients stay': {
      options: { idleTimeoutMillis: 10, min: 1, max: 3 },
      program: async (pool, log) => {
        const clients = [await pool.connect(), await pool.connect()];
        const removed = once(pool, 'remove');
        for (const client of clients) client.release();
        await removed;
        return log.counts;
      },
    },
    'maxUses: a client serves so often': {
      options: { maxUses: 2 },
      program: async (pool, log) => {
        for (const n of [1, 2, 3]) {
          log.say(`use ${n}`);
          const client = await pool.connect();
          const removed = n === 2 ? once(pool, 'remove') : undefined;
          client.release();
          await removed;
        }
        return log.counts;
      },
    },
    'maxLifetimeSeconds: a client that is old goes when it is back': {
      options: { maxLifetimeSeconds: 0.05 },
      program: async (pool, log) => {
        const client = await pool.connect();
        while (pool.expiredCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
        log.say('expired');
        const removed = once(pool, 'remove');
        client.release();
        await removed;
        return log.counts;
      },
    },
    'verify: a client that is not fit is not handed out': {
      options: {
        verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
          client.query('SELECT 1', () => {
            done(new Error('not fit'));
          });
        },
      },
      program: async (pool, log) => {
        const removed = once(pool, 'remove');
        log.say('refused', await outcome(pool.connect()));
        await removed;
        await settled();
        return log.counts;
      },
    },
    'verify: a client that is fit is': {
      options: {
        verify: (client: pg.PoolClient, done: (error?: Error) => void) => {
          client.query('SELECT 1', () => {
            done();
          });
        },
      },
      program: (pool) => pool.query('SELECT 1 AS one'),
    },
    'onConnect: waited for': {
      options: {
        onConnect: (client: pg.PoolClient) => client.query("SET application_name = 'mine'"),
      } as unknown as pg.PoolConfig,
      program: async (pool) => {
        const client = await pool.connect();
        const { rows } = await client.query<object>('SHOW application_name');
        client.release();
        return rows;
      },
    },
    'onConnect: its error is the error of the checkout': {
      options: {
        onConnect: () => Promise.reject(new Error('not today')),
      } as unknown as pg.PoolConfig,
      program: async (pool, log) => [await outcome(pool.connect()), log.counts],
    },
    'are the app’s, with the defaults of pg': {
      options: { max: 3, allowExitOnIdle: true, application_name: 'app' },
      program: async (pool) => {
        const {
          max,
          min,
          maxUses,
          allowExitOnIdle,
          maxLifetimeSeconds,
          idleTimeoutMillis,
          application_name,
        } = pool.options as pg.PoolOptions & Record<string, unknown>;
        return [
          max,
          min,
          maxUses,
          allowExitOnIdle,
          maxLifetimeSeconds,
          idleTimeoutMillis,
          application_name,
          'Client' in pool.options,
        ];
      },
    },
    'pg’s own methods and no more': async (pool) => [
      Symbol.asyncDispose in pool,
      Symbol.dispose in pool,
      pool.listenerCount('release'),
      pool instanceof pg.Pool,
      (pool as unknown as { Client: unknown }).Client instanceof Function,
    ],
  });
});

describe('misuse', () => {
  agree({
    'a client is released once': async (pool, log) => {
      const client = await pool.connect();
      const release = client.release.bind(client);
      client.release();
      assert.throws(
        release,
        /^Error: Release called on client which has already been released to the pool\.$/,
      );
      const stale = await called((done) => {
        pool.connect((_, _client, again) => {
          again();
          try {
            again();
          } catch (error) {
            done(error);
          }
        });
      });
      return [stale, log.counts];
    },
    'a function instead of a text': (pool) =>
      called((done) => {
        void pool.query(done as unknown as string);
      }),
    'nothing instead of a text': async (pool, log) => {
      const BAD: (() => Promise<unknown>)[] = [
        () => pool.query(undefined as unknown as string),
        () => pool.query({} as pg.QueryConfig),
        () => pool.query('SELECT 1', 1 as unknown as unknown[]),
      ];
      for (const ask of BAD) {
        const removed = once(pool, 'remove');
        log.say('refused', await outcome(ask()));
        await removed;
      }
      return undefined;
    },
    'a client is used after it was released': async (pool) => {
      const client = await pool.connect();
      client.release();
      // eslint-disable-next-line savepoint/no-client-misuse -- what the driver makes of it is the question
      return await client.query('SELECT 1 AS one');
    },
    'a client that the app ends': async (pool, log) => {
      const client = await pool.connect();
      await client.end();
      log.say('ended', await outcome(client.query('SELECT 1')));
      log.say('ended twice', await outcome(client.end()));
      const removed = once(pool, 'remove');
      client.release();
      await removed;
      await settled();
      return await pool.query('SELECT 1 AS one');
    },
    'a client that the app ends by callback': async (pool, log) => {
      const client = await pool.connect();
      log.say(
        'told',
        await called((done) => {
          client.end(done);
        }),
      );
      await settled();
      client.release();
      return log.counts;
    },
    'a client that is connected is not connected again': async (pool) => {
      const client = await pool.connect();
      const answers = [
        await outcome(client.connect()),
        await called((done) => {
          client.connect(done);
        }),
        await client.query('SELECT 1 AS one'),
      ];
      client.release();
      return answers;
    },
    'a client that is ended while it is asked': async (pool, log) => {
      const client = await pool.connect();
      const asked = [client.query('SELECT pg_sleep(0.1)'), client.query('SELECT 1')].map(outcome);
      await client.end();
      log.say('ended', await Promise.all(asked));
      client.release();
      return await pool.query('SELECT 1 AS one');
    },
    'a connection that somebody destroys': async (pool, log) => {
      const client = await pool.connect();
      const broken = once(client, 'error');
      client.connection.stream.destroy();
      log.say('broken', await broken, await outcome(client.query('SELECT 1')));
      const removed = once(pool, 'remove');
      client.release();
      await removed;
      return await pool.query('SELECT 1 AS one');
    },
  });
});

describe('the end of a pool', () => {
  agree({
    'refuses what comes after it': async (pool, log) => {
      await pool.query('SELECT 1');
      const removed = once(pool, 'remove');
      await pool.end();
      await removed;
      await settled();
      return [
        await outcome(pool.query('SELECT 1')),
        await outcome(pool.connect()),
        await outcome(pool.end()),
        await called((done) => {
          pool.connect(done);
        }),
        await called((done) => {
          pool.end(done);
        }),
        pool.ending,
        pool.ended,
        log.counts,
      ];
    },
    'waits for clients that are out': async (pool, log) => {
      const client = await pool.connect();
      const removed = once(pool, 'remove');
      const ended = pool.end().then(() => {
        log.say('ended');
      });
      log.say('ending');
      await client.query('SELECT 1');
      client.release();
      await ended;
      await removed;
      await settled();
      return log.counts;
    },
    'by callback': async (pool, log) => {
      await pool.query('SELECT 1');
      const removed = once(pool, 'remove');
      log.say(
        'told',
        await called((done) => {
          pool.end(done);
        }),
      );
      await removed;
      await settled();
      return log.counts;
    },
    'of a pool that was never used': async (pool, log) => {
      await pool.end();
      return log.counts;
    },
  });
});
