/** The sandbox of a test: what it keeps from the world, what it refuses, and how it ends. */
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { describe, test } from 'node:test';
import pg from 'pg';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { openSandbox } from '../../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { openedFor } from './support/sandbox.ts';

const USERS = 'CREATE TABLE users (id int PRIMARY KEY, name text UNIQUE)';

test('a handler BEGINs, writes, COMMITs, fails on a unique key and queries again; nobody else sees a row', async (t) => {
  const { sandbox, pool, witness } = await openedFor(t, { schema: USERS });
  const seenByOthers = async () =>
    (await witness.query<{ n: string }>('SELECT count(*) AS n FROM users')).rows[0]?.n;
  const register = async (id: number, name: string) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO users VALUES ($1, $2)', [id, name]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };

  assert.equal(await seenByOthers(), '0');
  await register(1, 'Ada');
  assert.equal(await seenByOthers(), '0');
  await assert.rejects(register(2, 'Ada'), { code: '23505', constraint: 'users_name_key' });
  await register(2, 'Grace');
  const { rows } = await pool.query('SELECT name FROM users ORDER BY id');
  assert.deepEqual(rows, [{ name: 'Ada' }, { name: 'Grace' }]);
  assert.equal(await seenByOthers(), '0');
  await sandbox.close();
  assert.equal(await seenByOthers(), '0');
});

test('a test that asks nothing opens nothing', async (t) => {
  const { sandbox, connections, givenBack } = await openedFor(t);
  await sandbox.close();
  assert.equal(connections.totalCount, 0);
  assert.deepEqual(givenBack, []);
});

describe('what is refused', () => {
  const REFUSED: Record<string, readonly (readonly [sql: string, named: RegExp])[]> = {
    'no-non-transactional-ddl': [
      ['VACUUM', /VACUUM cannot run/],
      ['CREATE DATABASE elsewhere', /CREATE DATABASE/],
      ['CREATE INDEX CONCURRENTLY i ON pg_class (relname)', /CREATE INDEX CONCURRENTLY/],
      ["PREPARE TRANSACTION 'x'", /PREPARE TRANSACTION/],
      ["COMMIT PREPARED 'x'", /COMMIT PREPARED/],
      ['DISCARD ALL', /database of its own/],
      ["BEGIN; PREPARE TRANSACTION 'x'", /PREPARE TRANSACTION/],
    ],
    'no-sandboxed-concurrency-test': [
      [
        'BEGIN ISOLATION LEVEL SERIALIZABLE',
        /ISOLATION LEVEL SERIALIZABLE \(it has READ COMMITTED\)/,
      ],
      ['BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', /REPEATABLE READ/],
      ["BEGIN; SET TRANSACTION SNAPSHOT '0-1'", /SNAPSHOT/],
    ],
  };
  for (const [code, statements] of Object.entries(REFUSED)) {
    for (const [sql, message] of statements) {
      test(`${sql}: ${code}`, async (t) => {
        const { pool } = await openedFor(t);
        const client = await pool.connect();
        await assert.rejects(client.query(sql), { code, message });
        await client.query('ROLLBACK');
        assert.deepEqual((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }]);
        client.release();
      });
    }
  }

  test('savepoint names of its own', async (t) => {
    const { pool } = await openedFor(t);
    const client = await pool.connect();
    await client.query('BEGIN');
    await assert.rejects(client.query('ROLLBACK TO _savepoint_transaction'), {
      code: 'ERR_SAVEPOINT_RESERVED_NAME',
    });
    client.release();
  });
});

test('an isolation level that the sandbox has is granted', async (t) => {
  const { pool } = await openedFor(t);
  for (const level of ['READ COMMITTED', 'READ UNCOMMITTED']) {
    assert.equal(
      ((await pool.query(`BEGIN ISOLATION LEVEL ${level}; COMMIT`)) as unknown as pg.QueryResult[])
        .length,
      2,
    );
  }
});

test('the error of a dead transaction says what killed it', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  await client.query('BEGIN');
  const killer = await client.query('SELECT 1 / 0').catch((error: unknown) => error as Error);
  await assert.rejects(client.query('SELECT 1'), (error: Error) => error.cause === killer);
  assert.equal(client.getTransactionStatus(), 'E');
  await client.query('ROLLBACK');
  assert.equal(client.getTransactionStatus(), 'I');
  client.release();
});

describe('an escape', () => {
  /** What no lexer can see: a submittable that keeps its text to itself. */
  const hidden = (sql: string) => ({
    submit: (connection: pg.Connection) => {
      connection.query(sql);
    },
    handleError: () => undefined,
    handleReadyForQuery: () => undefined,
    handleCommandComplete: () => undefined,
  });
  for (const sql of ['COMMIT', 'ROLLBACK', 'COMMIT; BEGIN']) {
    test(`by ${sql} is caught, and the sandbox is spoilt`, async (t) => {
      const { sandbox, pool, givenBack } = await openedFor(t);
      const client = await pool.connect();
      client.query(hidden(sql));
      await assert.rejects(client.query('SELECT 1'), { code: 'no-nested-begin' });
      client.release();
      await assert.rejects(sandbox.close(), { code: 'no-nested-begin' });
      assert.equal(givenBack.length, 1);
      assert.ok(givenBack[0], 'the connection is not used again');
    });
  }
});

describe('the end', () => {
  test('names every client that is still out, with the line that took it', async (t) => {
    const { sandbox, pool, givenBack } = await openedFor(t);
    const first = await pool.connect();
    await pool.connect();
    await first.query('BEGIN');
    await assert.rejects(sandbox.close(), (error: unknown) => {
      assert.ok(error instanceof AggregateError);
      assert.deepEqual(
        error.errors.map(({ code }: HazardError) => code),
        ['require-client-release', 'require-client-release'],
      );
      for (const { acquired } of error.errors as HazardError[])
        assert.equal(acquired?.place?.file, import.meta.filename);
      return true;
    });
    assert.deepEqual(givenBack, [undefined]);
  });

  test('refuses whatever comes later, naming the test and both lines; the server hears nothing', async (t) => {
    const { sandbox, pool, connections } = await openedFor(t);
    const client = await pool.connect();
    client.release();
    await sandbox.close();
    await connections.query('SELECT 1');
    const late = { code: 'no-late-activity', message: /refuses whatever comes later/ };
    t.mock.method(process, 'emitWarning', () => undefined);
    await assert.rejects(pool.query('SELECT 1'), late);
    await assert.rejects(pool.connect(), late);
    await assert.rejects(client.query('SELECT 1'), late);
    await new Promise<void>((resolve) => {
      pool.query('SELECT 1', (error: unknown) => {
        assert.ok(error instanceof HazardError);
        assert.equal(error.used?.place?.file, import.meta.filename);
        assert.ok(error.acquired?.place);
        resolve();
      });
    });
    assert.equal(connections.totalCount, 1);
  });

  test('waits for statements that are on their way', async (t) => {
    const { sandbox, pool } = await openedFor(t);
    const answered = pool.query('SELECT 1 AS one');
    await sandbox.close();
    assert.deepEqual((await answered).rows, [{ one: 1 }]);
  });

  test('stops a statement that does not end, and says which', async (t) => {
    const { sandbox, pool, witness, givenBack } = await openedFor(t);
    const stopped = pool
      .query('SELECT pg_sleep(600) AS stopped')
      .catch((error: unknown) => error as pg.DatabaseError);
    await assert.rejects(sandbox.close(), (error: unknown) => {
      assert.ok(error instanceof HazardError);
      assert.equal(error.code, 'no-late-activity');
      assert.equal(error.used?.place?.file, import.meta.filename);
      return true;
    });
    assert.equal(((await stopped) as pg.DatabaseError).code, '57014');
    assert.equal(givenBack.length, 1);
    // The server answers an error first, and calls itself idle afterwards.
    const isActive =
      "SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600) AS stopped%' AND pid <> pg_backend_pid()";
    while ((await witness.query(isActive)).rowCount !== 0);
  });

  test('refuses a statement that waits for a transaction nobody will end', async (t) => {
    const { sandbox, pool } = await openedFor(t);
    // Not the transaction's own code: that would be told so at once.
    const askedElsewhere = AsyncResource.bind(() => pool.query('SELECT 1'));
    const client = await pool.connect();
    await client.query('BEGIN');
    const waiting = askedElsewhere().catch((error: unknown) => error as HazardError);
    await assert.rejects(sandbox.close(), { code: 'require-client-release' });
    assert.equal(((await waiting) as HazardError).code, 'no-late-activity');
  });

  test('gives a connection back as it came', async (t) => {
    const { sandbox, pool, connections, witness } = await openedFor(t);
    const { rows: own } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await pool.query('SELECT pg_advisory_lock(4711)');
    await pool.query("SET work_mem = '1234kB'");
    await pool.query({ name: 'named', text: 'SELECT 1' });
    await pool.query('LISTEN something');
    await sandbox.close();
    // The end is sent a little later, with what comes next.
    const isIdle = 'SELECT FROM pg_stat_activity WHERE pid = $1 AND state = $2';
    while ((await witness.query(isIdle, [own[0]?.pid, 'idle'])).rowCount === 0);
    const { rows } = await connections.query(`SELECT
      (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
      (SELECT count(*) FROM pg_prepared_statements WHERE name NOT LIKE '\\_savepoint\\_%') AS statements,
      (SELECT count(*) FROM pg_listening_channels()) AS channels,
      (SELECT source FROM pg_settings WHERE name = 'work_mem') AS work_mem`);
    assert.deepEqual(rows, [{ locks: '0', statements: '0', channels: '0', work_mem: 'default' }]);
    assert.equal(connections.totalCount, 1);
  });
});

test('a lost connection fails with the reason of the server, and never comes back by itself', async (t) => {
  const { sandbox, pool, witness } = await openedFor(t);
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await witness.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]);
  const reason = /administrator command/;
  await assert.rejects(pool.query('SELECT 1'), reason);
  await assert.rejects(pool.query('SELECT 1'), {
    code: 'ERR_SAVEPOINT_CONNECTION_LOST',
    message: reason,
  });
  await assert.rejects(sandbox.close(), { code: 'ERR_SAVEPOINT_CONNECTION_LOST', message: reason });
});

test('a server that is not there is told by connect and by query', async (t) => {
  const { sandbox, pool, connections } = await openedFor(t);
  connections.options.port = 1;
  connections.options.host = '127.0.0.1';
  delete (connections.options as { connectionString?: string }).connectionString;
  await assert.rejects(pool.connect(), { code: 'ECONNREFUSED' });
  await assert.rejects(pool.query('SELECT 1'), { code: 'ECONNREFUSED' });
  await sandbox.close();
});

describe('levels', () => {
  test('an inner sandbox sees the outer one, and is rolled back alone', async (t) => {
    const { sandbox, pool, witness } = await openedFor(t, { schema: USERS });
    const names = async (asked: pg.Pool) =>
      (await asked.query<{ name: string }>('SELECT name FROM users ORDER BY id')).rows.map(
        ({ name }) => name,
      );
    await pool.query("INSERT INTO users VALUES (1, 'outer')");
    for (const name of ['first', 'second']) {
      const inner = sandbox.nest({ name, opened: { frames: [], place: undefined } });
      await inner.pool.query("BEGIN; INSERT INTO users VALUES (2, 'inner'); COMMIT");
      assert.deepEqual(await names(inner.pool), ['outer', 'inner']);
      await inner.close();
      t.mock.method(process, 'emitWarning', () => undefined);
      await assert.rejects(inner.pool.query('SELECT 1'), {
        code: 'no-late-activity',
        message: new RegExp(name),
      });
    }
    assert.deepEqual(await names(pool), ['outer']);
    assert.deepEqual(await names(witness), []);
  });
});

test('what a failing text had prepared is gone with its sandbox', async (t) => {
  const { sandbox, pool, connections } = await openedFor(t);
  await assert.rejects(pool.query('PREPARE one AS SELECT 1; SELECT 1/0'), { code: '22012' });
  await sandbox.close();
  const next = openSandbox({
    name: 'next',
    opened: captureTrace(),
    checkout: () => connections.connect(),
    giveBack: (client, error) => {
      client.release(error);
    },
  });
  try {
    await next.pool.query('PREPARE one AS SELECT 2');
    assert.equal(connections.totalCount, 1);
  } finally {
    await next.close();
  }
});
