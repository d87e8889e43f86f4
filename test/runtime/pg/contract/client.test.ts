/** A client of a sandbox keeps the contract of `pg.PoolClient`: forms of a query, results, errors, time-outs. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe } from 'node:test';
import pg from 'pg';
import { agree, called, outcome, type Program } from '../support/pool-twins.ts';

/** A program over one client, which is thrown away after it. */
const client =
  (program: (client: pg.PoolClient, pool: pg.Pool) => Promise<unknown>): Program =>
  async (pool, log) => {
    const one = await pool.connect();
    try {
      log.say('done', await program(one, pool));
    } finally {
      const removed = once(pool, 'remove');
      one.release(true);
      await removed;
    }
    return undefined;
  };

/** Asks one after the other, and answers what each came to. */
const each =
  (...asks: readonly ((client: pg.PoolClient) => Promise<unknown>)[]) =>
  async (one: pg.PoolClient) => {
    const answers: unknown[] = [];
    for (const ask of asks) answers.push(await outcome(ask(one)));
    return answers;
  };

describe('the forms of a query', () => {
  agree({
    'by promise': client(
      each(
        (c) => c.query('SELECT 1 AS one'),
        (c) => c.query('SELECT $1::text AS t, $2::int AS n', ['x', 2]),
        (c) => c.query({ text: 'SELECT $1::text AS t', values: ['x'] }),
        (c) => c.query({ text: 'SELECT $1::text AS t', values: [] }, ['y']),
        (c) => c.query({ text: 'SELECT 1, 2', rowMode: 'array' }),
        (c) => c.query('SELECT 1; SELECT 2, 3; VALUES (4)'),
        (c) => c.query(''),
        (c) => c.query('-- nothing'),
        (c) => c.query({ text: 'SELECT 1 AS one', queryMode: 'extended' } as pg.QueryConfig),
        (c) => c.query({ text: 'SELECT generate_series(1, 5) AS n', rows: 2 } as pg.QueryConfig),
        (c) =>
          c.query({ text: 'SELECT $1::int AS n', values: [1], portal: 'mine' } as pg.QueryConfig),
        (c) =>
          c.query({ text: 'SELECT $1::int4 AS n', values: [1], binary: true } as pg.QueryConfig),
      ),
    ),
    'by callback': client(async (one) => [
      await called((done) => {
        one.query('SELECT 1 AS one', done);
      }),
      await called((done) => {
        one.query('SELECT $1::int AS n', [1], done);
      }),
      await called((done) => {
        one.query({ text: 'SELECT $1::int AS n', values: [2] }, done);
      }),
      await called((done) => {
        one.query({ text: 'SELECT $1::int AS n' } as never, [3], done);
      }),
      await called((done) => {
        void one.query({ text: 'SELECT 4 AS n', callback: done } as pg.QueryConfig);
      }),
      await called((done) => {
        one.query('SELEKT', done);
      }),
    ]),
    'that are none': client(async (one) => [
      ...[undefined, null].map((none) => {
        assert.throws(() => one.query(none as unknown as string), TypeError);
        return String(none);
      }),
      ...(await each(
        (c) => c.query({} as pg.QueryConfig),
        (c) => c.query('SELECT $1', 'x' as unknown as unknown[]),
        (c) => c.query('SELECT $1', [Symbol('unserializable')]),
        (c) => c.query('SELECT $1::int', []),
        (c) => c.query('SELECT 1; SELECT $1::int', [1]),
        (c) => c.query('SELECT 1 AS one'),
      )(one)),
    ]),
    'as a pg.Query that emits': client(async (one) => {
      const seen: unknown[] = [];
      for (const query of [
        new pg.Query('SELECT generate_series(1, 3) AS n'),
        new pg.Query('SELECT $1::int AS n', [4]),
        new pg.Query('SELECT 1 / (n - 2) AS n FROM generate_series(1, 3) AS n'),
      ]) {
        assert.equal(one.query(query), query);
        query.on('row', (row: unknown) => seen.push(['row', row]));
        await new Promise<void>((resolve) => {
          query.on('end', (result) => {
            seen.push(['end', result]);
            resolve();
          });
          query.on('error', (error) => {
            seen.push(['error', error]);
            resolve();
          });
        });
      }
      return seen;
    }),
    'as a pg.Query with a callback': client((one) =>
      called((done) => {
        one.query(new pg.Query('SELECT 1 AS one', done as never));
      }),
    ),
    'as something of the app’s own that can be submitted': client(async (one) => {
      const heard: unknown[] = [];
      const own = {
        submit: (connection: pg.Connection) => {
          connection.query('SELECT 1 AS one');
        },
        handleRowDescription: () => heard.push('described'),
        handleDataRow: ({ fields }: { fields: unknown[] }) => heard.push(...fields.map(String)),
        handleCommandComplete: ({ text }: { text: string }) => heard.push(text),
        handleError: (error: unknown) => heard.push(error),
        handleReadyForQuery: () => heard.push('ready'),
      };
      const returned = one.query(own as unknown as pg.Submittable) === (own as unknown);
      await one.query('SELECT 2');
      return [returned, ...heard];
    }),
  });
});

describe('results', () => {
  const TYPES = { getTypeParser: () => (text: unknown) => `parsed ${String(text)}` };
  agree({
    'types of a query': client((one) =>
      one.query({ text: 'SELECT 1 AS n, now() IS NULL AS b', types: TYPES }),
    ),
    'types of a client': client(async (one) => {
      one.setTypeParser(pg.types.builtins.INT4, () => 'mine');
      return [
        await one.query('SELECT 1::int4 AS n, 2::int8 AS m'),
        (one.getTypeParser as (oid: number) => (text: string) => unknown).call(
          one,
          pg.types.builtins.INT4,
        )('1'),
      ];
    }),
    'types of a client are not another’s': async (pool) => {
      const [one, two] = [await pool.connect(), await pool.connect()];
      one.setTypeParser(pg.types.builtins.INT4, () => 'mine');
      const { rows } = await two.query<object>('SELECT 1::int4 AS n');
      one.release();
      two.release();
      return rows;
    },
    'types of the pool': {
      options: { types: TYPES },
      program: async (pool) => [
        await pool.query('SELECT 1 AS n'),
        await pool.query('SELECT $1::int AS n', [1]),
      ],
    },
    'binary of the pool': {
      options: { binary: true } as pg.PoolConfig,
      program: (pool) => pool.query('SELECT $1::int AS n', [1]),
    },
    'values of all kinds': client((one) =>
      one.query(
        'SELECT $1::jsonb AS j, $2::int[] AS a, $3::bytea AS b, $4::timestamptz AS t, $5::text AS n',
        [{ a: 1 }, [1, 2], Buffer.from('x'), new Date(0), null],
      ),
    ),
    'command tags and counts': client(
      each(
        (c) => c.query('CREATE TEMP TABLE counted (n int)'),
        (c) => c.query('INSERT INTO counted VALUES (1), (2)'),
        (c) => c.query('UPDATE counted SET n = 3'),
        (c) => c.query('DELETE FROM counted WHERE n = $1 RETURNING n', [3]),
        (c) => c.query('BEGIN'),
        (c) => c.query('SAVEPOINT one'),
        (c) => c.query('RELEASE one'),
        (c) => c.query('COMMIT'),
        (c) => c.query('ROLLBACK'),
      ),
    ),
  });
});

describe('errors have all the fields of the server’s', () => {
  const fails = (...texts: string[]) =>
    client(each(...texts.map((text) => (one: pg.PoolClient) => one.query(text))));
  agree({
    'syntax, names and types': fails(
      'SELEKT',
      'SELECT nothing',
      'SELECT * FROM nowhere',
      "SELECT 'x'::int",
      'SELECT 1 / 0',
    ),
    constraints: fails(
      'CREATE TEMP TABLE constrained (id int PRIMARY KEY, n int NOT NULL CONSTRAINT small CHECK (n < 10))',
      'INSERT INTO constrained VALUES (1, 1)',
      'INSERT INTO constrained VALUES (1, 2)',
      'INSERT INTO constrained VALUES (2, NULL)',
      'INSERT INTO constrained VALUES (3, 11)',
    ),
    'raised by functions, with hint, detail and where': fails(
      "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'P1234', HINT = 'try', DETAIL = 'more', TABLE = 't', COLUMN = 'c'; END $$",
      'DO $$ BEGIN PERFORM 1 / 0; END $$',
    ),
    'in the extended protocol': client(
      each(
        (c) => c.query('SELECT $1::int', ['x']),
        (c) => c.query('SELECT $1::int / 0', [1]),
        (c) => c.query('SELECT nothing WHERE $1', [true]),
      ),
    ),
    'in a text of several statements': fails(
      'SELECT 1; SELECT nothing',
      'SELECT 1; SELECT 1 / 0; SELECT 2',
    ),
    'in a transaction, until it is rolled back': fails(
      'BEGIN',
      'SELECT 1 / 0',
      'ROLLBACK',
      'SELECT 1',
    ),
  });
});

describe('named statements', () => {
  const named = (name: string, text: string | undefined, values: unknown[] = []) =>
    ({ name, text, values }) as pg.QueryConfig;
  agree({
    'are prepared once': client(async (one) => {
      for (const n of [1, 2, 3]) await one.query(named('same', 'SELECT $1::int AS n', [n]));
      const { rows } = await one.query<object>(
        "SELECT count(*)::int AS n FROM pg_prepared_statements WHERE statement = 'SELECT $1::int AS n'",
      );
      return rows;
    }),
    'are one client’s own': async (pool) => {
      const [one, two] = [await pool.connect(), await pool.connect()];
      const answers = [
        await one.query(named('same', 'SELECT 1 AS n')),
        await two.query(named('same', 'SELECT 2 AS n')),
        await one.query(named('same', 'SELECT 1 AS n')),
      ];
      one.release();
      two.release();
      return answers;
    },
    'keep their text': client(
      each(
        (c) => c.query(named('same', 'SELECT 1 AS n')),
        (c) => c.query(named('same', 'SELECT 2 AS n')),
        (c) => c.query(named('same', undefined)),
        (c) => c.query(named('same', 'SELECT 1 AS n')),
      ),
    ),
    'may have another text when the first was never prepared': client(
      each(
        (c) => c.query(named('same', 'SELEKT')),
        (c) => c.query(named('same', 'SELECT 2 AS n')),
        (c) => c.query(named('same', 'SELECT 2 AS n')),
      ),
    ),
    'fail by themselves and go on': client(
      each(
        (c) => c.query(named('divide', 'SELECT 1 / $1::int AS n', [0])),
        (c) => c.query(named('divide', 'SELECT 1 / $1::int AS n', [1])),
        (c) => c.query(named('divide', 'SELECT 2 / $1::int AS n', [1])),
      ),
    ),
    'after the table has changed': client(
      each(
        (c) => c.query('CREATE TEMP TABLE changing (a int); INSERT INTO changing VALUES (1)'),
        (c) => c.query(named('all', 'SELECT * FROM changing')),
        (c) => c.query('ALTER TABLE changing ADD COLUMN b int DEFAULT 2'),
        (c) => c.query(named('all', 'SELECT * FROM changing')),
        (c) => c.query(named('all again', 'SELECT * FROM changing')),
      ),
    ),
    'of a transaction that was rolled back': client(
      each(
        (c) => c.query('BEGIN'),
        (c) => c.query(named('kept', 'SELECT 1 AS n')),
        (c) => c.query('ROLLBACK'),
        (c) => c.query(named('kept', 'SELECT 1 AS n')),
        (c) => c.query('BEGIN'),
        (c) => c.query(named('lost', 'SELECT 1 / 0')),
        (c) => c.query(named('kept', 'SELECT 1 AS n')),
        (c) => c.query('ROLLBACK'),
        (c) => c.query(named('kept', 'SELECT 1 AS n')),
      ),
    ),
  });
});

describe('time-outs', () => {
  agree({
    'query_timeout of a statement': client(
      each(
        (c) => c.query({ text: 'SELECT pg_sleep(0.2)', query_timeout: 20 } as pg.QueryConfig),
        (c) => c.query('SELECT 1 AS one'),
        (c) => c.query({ text: 'SELECT 1 AS one', query_timeout: 10_000 } as pg.QueryConfig),
      ),
    ),
    'query_timeout of the pool': {
      options: { query_timeout: 100 },
      program: async (pool, log) => {
        const removed = new Promise((resolve) => pool.once('remove', resolve));
        log.say('too long', await outcome(pool.query('SELECT pg_sleep(0.3)')));
        await removed;
        return await pool.query('SELECT 1 AS one');
      },
    },
    'query_timeout by callback': client((one) =>
      called((done) => {
        one.query({ text: 'SELECT pg_sleep(0.2)', query_timeout: 20 } as pg.QueryConfig, done);
      }),
    ),
    'a statement behind a slow one is never sent when it waits too long': client(async (one) => {
      await one.query('CREATE TEMP TABLE sent (n int)');
      const slow = one.query('SELECT pg_sleep(0.2)');
      const late = one.query({
        text: 'INSERT INTO sent VALUES (1)',
        query_timeout: 20,
      } as pg.QueryConfig);
      return [await outcome(late), (await slow).rowCount, await one.query('SELECT * FROM sent')];
    }),
    statement_timeout: client(
      each(
        (c) => c.query('BEGIN; SET LOCAL statement_timeout = 20'),
        (c) => c.query('SELECT pg_sleep(10)'),
        (c) => c.query('SELECT 1'),
        (c) => c.query('ROLLBACK'),
      ),
    ),
  });
});

describe('a client', () => {
  agree({
    'says what it is': client(async (one) => [
      one instanceof pg.Client,
      one.escapeIdentifier('a"b'),
      one.escapeLiteral("it's \\"),
      typeof (one as unknown as { processID: unknown }).processID,
      typeof one.port,
      one.host === one.host.trim(),
      typeof one.connection.stream.destroy,
      one.getTransactionStatus(),
    ]),
    'is the backend it says it is': client(async (one) => {
      const { rows } = await one.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      return rows[0]?.pid === (one as unknown as { processID: number }).processID;
    }),
    'knows the state of its transaction': client(async (one) => {
      const states: unknown[] = [one.getTransactionStatus()];
      for (const text of ['BEGIN', 'SELECT 1', 'SELEKT', 'SELECT 1', 'ROLLBACK', 'BEGIN; COMMIT']) {
        // The driver tells an error before it knows the state after it.
        if ((await outcome(one.query(text))) instanceof Error) await outcome(one.query(''));
        states.push([text, one.getTransactionStatus()]);
      }
      return states;
    }),
    'hears notices': client(async (one) => {
      const heard: unknown[] = [];
      one.on('notice', (notice) => heard.push(notice));
      await one.query(
        "DO $$ BEGIN RAISE NOTICE 'one' USING HINT = 'h', DETAIL = 'd'; RAISE WARNING 'two'; END $$",
      );
      await one.query('DROP TABLE IF EXISTS nowhere');
      await one.query('COMMIT');
      return heard;
    }),
    'that is thrown away takes its transaction with it': async (pool) => {
      const one = await pool.connect();
      await one.query('BEGIN');
      await one.query('CREATE TABLE thrown_away (n int)');
      const removed = once(pool, 'remove');
      one.release(true);
      await removed;
      return await pool.query("SELECT to_regclass('thrown_away')");
    },
    'that is ended takes its transaction with it': async (pool) => {
      const one = await pool.connect();
      await one.query('BEGIN');
      await one.query('CREATE TABLE ended (n int)');
      await one.end();
      one.release();
      return await pool.query("SELECT to_regclass('ended')");
    },
    'that is released inside a transaction hands it on': async (pool) => {
      const one = await pool.connect();
      await one.query('BEGIN');
      one.release();
      const { rows } = await pool.query<object>(
        'SELECT pg_current_xact_id_if_assigned() IS NULL AS readonly',
      );
      const two = await pool.connect();
      const status = two.getTransactionStatus();
      await two.query('ROLLBACK');
      two.release();
      return [rows, status, one === two];
    },
  });
});

describe('pipelined pools', () => {
  const options = { pipeline: true } as pg.PoolConfig;
  agree({
    'answer in order, each statement by itself': {
      options,
      program: client(async (one) => [
        one.pipeline,
        await Promise.all([
          one.query('SELECT 1 AS n'),
          outcome(one.query('SELECT nothing')),
          one.query('SELECT $1::int AS n', [2]),
          outcome(one.query('SELECT $1::int AS n', ['x'])),
          one.query({ name: 'named', text: 'SELECT 3 AS n' }),
          one.query({ name: 'named', text: 'SELECT 3 AS n' }),
        ]),
      ]),
    },
    'refuse what keeps a portal open': {
      options,
      program: client((one) =>
        outcome(one.query({ text: 'SELECT generate_series(1, 5)', rows: 2 } as pg.QueryConfig)),
      ),
    },
  });
});
