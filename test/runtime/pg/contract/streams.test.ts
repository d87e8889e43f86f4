/** Cursors, query streams and COPY streams do in a sandbox what they do for real, and leave it usable. */
import { once } from 'node:events';
import { describe } from 'node:test';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { agree, called, outcome, type Program } from '../support/pool-twins.ts';

type Use = (client: pg.PoolClient, pool: pg.Pool) => Promise<unknown>;

/** A program over one client, which has to be as good as new after it. */
const client =
  (use: Use): Program =>
  async (pool) => {
    const one = await pool.connect();
    const answer = await use(one, pool);
    const after = await outcome(one.query('SELECT 1 AS one'));
    one.release();
    return [answer, after];
  };

/** The same in a transaction of the client, and what its state is in the end. */
const inTransaction = (use: Use): Program =>
  client(async (one, pool) => {
    await one.query('BEGIN');
    const answer = await use(one, pool);
    // The driver tells an error before it knows the state after it.
    await outcome(one.query(''));
    const status = one.getTransactionStatus();
    await one.query('ROLLBACK');
    return [answer, status];
  });

const NUMBERS = 'SELECT n FROM generate_series(1, $1::int) AS n';
/** Rows, and then an error. */
const BREAKS = 'SELECT 10 / (5 - n) AS n FROM generate_series(1, 10) AS n';

function each(uses: Readonly<Record<string, Use>>): void {
  for (const [where, wrap] of [
    ['', client],
    [', in a transaction', inTransaction],
  ] as const) {
    agree(
      Object.fromEntries(Object.entries(uses).map(([title, use]) => [title + where, wrap(use)])),
    );
  }
}

describe('pg-cursor', () => {
  each({
    'reads piece by piece': async (one) => {
      const cursor = one.query(new Cursor(NUMBERS, [5]));
      const seen = [
        await cursor.read(2),
        await cursor.read(2),
        await cursor.read(2),
        await cursor.read(2),
      ];
      await cursor.close();
      return seen;
    },
    'reads by callback, with the result so far': (one) =>
      called((done) => {
        one.query(new Cursor('SELECT 1 AS a, 2 AS b', [], { rowMode: 'array' })).read(10, done);
      }),
    'is closed before its end': async (one) => {
      const cursor = one.query(new Cursor(NUMBERS, [1_000]));
      const seen = await cursor.read(3);
      await cursor.close();
      return [seen, await cursor.read(3)];
    },
    'is closed before anything was read': async (one) => {
      const cursor = one.query(new Cursor(NUMBERS, [1_000]));
      await cursor.close();
      return undefined;
    },
    'tells its rows and its end': async (one) => {
      const cursor = one.query(new Cursor(NUMBERS, [3]));
      const rows: unknown[] = [];
      cursor.on('row', (row) => rows.push(row));
      const ended = once(cursor, 'end');
      await cursor.read(10);
      await ended;
      return rows;
    },
    'fails at once': async (one) => {
      const cursor = one.query(new Cursor('SELECT nothing'));
      return [await outcome(cursor.read(1)), await outcome(cursor.read(1))];
    },
    'fails in the middle': async (one) => {
      const cursor = one.query(new Cursor(BREAKS));
      return [
        await cursor.read(2),
        await cursor.read(2),
        await outcome(cursor.read(2)),
        await outcome(cursor.read(2)),
      ];
    },
    'answers nothing': async (one) => {
      const cursor = one.query(new Cursor('SELECT 1 WHERE false'));
      return [await cursor.read(1), await cursor.read(1)];
    },
    'changes rows': async (one) => {
      await one.query('CREATE TEMP TABLE IF NOT EXISTS changed (n int)');
      const cursor = one.query(new Cursor('INSERT INTO changed VALUES (1), (2) RETURNING n'));
      const seen = [await cursor.read(1), await cursor.read(5)];
      return [seen, await one.query('SELECT count(*)::int AS n FROM changed')];
    },
    'has statements behind it': async (one) => {
      const cursor = one.query(new Cursor(NUMBERS, [3]));
      const behind = one.query('SELECT 2 AS two');
      const seen = [await cursor.read(2), await cursor.read(2)];
      return [seen, await behind];
    },
    'is one of two': async (one) => {
      const first = one.query(new Cursor(NUMBERS, [3]));
      const second = one.query(new Cursor(NUMBERS, [2]));
      const seen = [await first.read(2), await first.read(2)];
      return [seen, await second.read(5)];
    },
    'types of its own': async (one) => {
      const types = { getTypeParser: () => (text: string) => `parsed ${text}` };
      return one.query(new Cursor('SELECT 1 AS n', [], { types: types })).read(2);
    },
  });
});

describe('pg-query-stream', () => {
  const stream = (one: pg.PoolClient, text: string, values: unknown[] = [], config = {}) =>
    one.query(new QueryStream(text, values, config));
  each({
    'is iterated': async (one) => {
      const seen: unknown[] = [];
      for await (const row of stream(one, NUMBERS, [250])) seen.push(row);
      return seen;
    },
    'is left early': async (one) => {
      for await (const row of stream(one, NUMBERS, [1_000], { batchSize: 2 }))
        return row as unknown;
      return undefined;
    },
    'is destroyed': async (one) => {
      const rows = stream(one, NUMBERS, [1_000]);
      const closed = once(rows, 'close');
      rows.destroy();
      await closed;
      return rows.destroyed;
    },
    'fails at once': async (one) => outcome(stream(one, 'SELECT nothing').toArray()),
    'fails in the middle': async (one) => {
      const seen: unknown[] = [];
      const read = async () => {
        for await (const row of stream(one, BREAKS, [], { batchSize: 1 })) seen.push(row);
      };
      return [await outcome(read()), seen];
    },
    'in arrays': async (one) => stream(one, NUMBERS, [3], { rowMode: 'array' }).toArray(),
  });
});

describe('pg-copy-streams', () => {
  const table = (one: pg.PoolClient) =>
    one.query('DROP TABLE IF EXISTS copied; CREATE TEMP TABLE copied (n int)');
  const lines = (...values: unknown[]) =>
    Readable.from(values.map((value) => `${String(value)}\n`));
  const copyIn = (one: pg.PoolClient) => one.query(from('COPY copied FROM STDIN'));
  const rowsOf = (one: pg.PoolClient) => one.query('SELECT n FROM copied ORDER BY n');
  each({
    'COPY FROM': async (one) => {
      await table(one);
      const sink = copyIn(one);
      await pipeline(lines(1, 2, 3), sink);
      return [sink.rowCount, await rowsOf(one)];
    },
    'COPY FROM of nothing': async (one) => {
      await table(one);
      await pipeline(Readable.from([]), copyIn(one));
      return rowsOf(one);
    },
    'COPY FROM of what the server refuses': async (one) => {
      await table(one);
      return outcome(pipeline(lines(1, 'x'), copyIn(one)));
    },
    'COPY FROM of what breaks off': async (one) => {
      await table(one);
      const source = Readable.from(
        (async function* () {
          yield '1\n';
          throw new Error('broke off');
        })(),
      );
      return outcome(pipeline(source, copyIn(one)));
    },
    'COPY FROM into nowhere': (one) =>
      outcome(pipeline(lines(1), one.query(from('COPY nowhere FROM STDIN')))),
    'COPY FROM without a stream': async (one) => {
      await table(one);
      return outcome(one.query('COPY copied FROM STDIN'));
    },
    'COPY TO': async (one) => {
      const source = one.query(to('COPY (SELECT n FROM generate_series(1, 1000) AS n) TO STDOUT'));
      const text = String(await buffer(source));
      return [source.rowCount, text.length, text.slice(0, 6)];
    },
    'COPY TO of an error': (one) =>
      outcome(buffer(one.query(to('COPY (SELECT nothing) TO STDOUT')))),
    'COPY TO of an error in the middle': (one) =>
      outcome(buffer(one.query(to(`COPY (${BREAKS}) TO STDOUT`)))),
  });
});

describe('beside a cursor that is read', () => {
  agree({
    'other clients are served': async (pool) => {
      const one = await pool.connect();
      const seen: unknown[] = [];
      for await (const row of one.query(new QueryStream(NUMBERS, [3], { batchSize: 1 }))) {
        const { n } = row as { n: number };
        seen.push(await pool.query('SELECT $1::int * 2 AS twice', [n]));
      }
      one.release();
      return seen;
    },
    'other clients begin, commit and roll back': async (pool) => {
      const [one, other] = [await pool.connect(), await pool.connect()];
      const cursor = one.query(new Cursor(NUMBERS, [5]));
      const seen: unknown[] = [await cursor.read(1)];
      for (const end of ['COMMIT', 'ROLLBACK']) {
        await other.query('BEGIN');
        seen.push(await outcome(other.query('SELECT nothing')));
        await other.query(end);
        seen.push(await cursor.read(1));
      }
      await cursor.close();
      one.release();
      other.release();
      return seen;
    },
    'another cursor is read': async (pool) => {
      const [one, other] = [await pool.connect(), await pool.connect()];
      const cursors = [one, other].map((client) => client.query(new Cursor(NUMBERS, [3])));
      const seen: unknown[] = [];
      for (const count of [1, 1, 5, 1])
        for (const cursor of cursors) seen.push(await cursor.read(count));
      one.release();
      other.release();
      return seen;
    },
    'its client is thrown away': async (pool) => {
      const one = await pool.connect();
      await pool.query('CREATE TABLE IF NOT EXISTS read_by_nobody (n int)');
      await pool.query('INSERT INTO read_by_nobody VALUES (1), (2)');
      const cursor = one.query(new Cursor('SELECT n FROM read_by_nobody'));
      const seen = await cursor.read(1);
      const removed = once(pool, 'remove');
      one.release(true);
      await removed;
      return [seen, await pool.query('DROP TABLE read_by_nobody')];
    },
  });
});
