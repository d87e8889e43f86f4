/** What clients keep ends with them, with their test and with their subtest, and is told when it was left. */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import pg from 'pg';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { openSandbox, type Sandbox } from '../../../runtime/src/pg/sandbox.ts';
import { WarmConnections } from '../../../runtime/src/pg/warm-connections.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { testServer } from '../../support/database.ts';
import { openedFor } from './support/sandbox.ts';

async function one(client: pg.Pool | pg.ClientBase, sql: string): Promise<unknown> {
  const { rows } = await client.query<{ it: unknown }>(sql);
  return rows[0]?.it;
}

test('a client that is thrown away takes its locks, tables, statements and cursors with it', async (t) => {
  const { pool } = await openedFor(t);
  const gone = await pool.connect();
  await gone.query('SELECT pg_advisory_lock(1), pg_advisory_lock(1)');
  await gone.query('SET work_mem = 1111');
  await gone.query('CREATE TEMP TABLE scratch (n int)');
  await gone.query('PREPARE mine AS SELECT 1');
  await gone.query('BEGIN');
  await gone.query('DECLARE held CURSOR WITH HOLD FOR SELECT 1');
  await gone.query('COMMIT');
  gone.release(true);
  const client = await pool.connect();
  assert.equal(await one(client, 'SELECT pg_try_advisory_lock(1) AS it'), true);
  assert.equal(await one(client, "SELECT current_setting('work_mem') AS it"), '4MB');
  await assert.rejects(client.query('TABLE scratch'), { code: '42P01' });
  await client.query('CREATE TEMP TABLE scratch (m int)');
  await client.query('PREPARE mine AS SELECT 2 AS it');
  assert.equal(await one(client, 'EXECUTE mine'), 2);
  await assert.rejects(client.query('FETCH held'), { code: '34000' });
  client.release(true);
});

test('what one client made, another may not use, nor do away with', async (t) => {
  const { pool } = await openedFor(t);
  const [a, b] = [await pool.connect(), await pool.connect()];
  await a.query('PREPARE mine AS SELECT 1');
  await a.query('BEGIN');
  await a.query('DECLARE held CURSOR WITH HOLD FOR SELECT 1 AS it');
  await a.query('COMMIT');
  for (const sql of [
    'EXECUTE mine',
    'PREPARE mine AS SELECT 2',
    'DEALLOCATE mine',
    'EXPLAIN EXECUTE mine',
    'CREATE TEMP TABLE made AS EXECUTE mine',
    'FETCH NEXT FROM held',
    'MOVE held',
    'CLOSE held',
    'CLOSE ALL',
    'DECLARE held CURSOR WITH HOLD FOR SELECT 2',
  ]) {
    await assert.rejects(
      b.query(sql),
      (error) => error instanceof HazardError && error.code === 'no-sandboxed-concurrency-test',
      sql,
    );
  }
  assert.equal(await one(a, 'FETCH held'), 1);
  a.release(true);
  b.release(true);
});

const { connectionString } = await testServer();
const connections = new pg.Pool({ connectionString, max: 1 });
after(() => connections.end());

/** Sandboxes one after another, on the same connection. */
/** Closed with its test, if not before. */
function open(t: TestContext, name: string): Sandbox {
  const sandbox = openSandbox({
    name,
    opened: captureTrace(),
    checkout: () => connections.connect(),
    giveBack: (client, error) => {
      client.release(error);
    },
  });
  t.after(() => sandbox.close().catch(() => undefined));
  return sandbox;
}

const KEPT = `
  SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
    + (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema())
    + (SELECT count(*) FROM pg_prepared_statements WHERE from_sql)
    + (SELECT count(*) FROM pg_cursors WHERE is_holdable)
    + (SELECT count(*) FROM pg_listening_channels())
    + (SELECT count(*) FROM pg_settings WHERE name IN ('work_mem', 'search_path') AND source = 'session') AS it`;

test('a sandbox ends with all that its clients kept', async (t) => {
  const first = open(t, 'first');
  const pid = await one(first.pool, 'SELECT pg_backend_pid() AS it');
  for (const sql of [
    'SELECT pg_advisory_lock(1), pg_advisory_lock(1), pg_advisory_lock_shared(2)',
    'CREATE TEMP TABLE scratch (n int)',
    'PREPARE mine AS SELECT 1',
    'BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT 1; COMMIT',
    'LISTEN ch',
    "SET work_mem = 1111; SET search_path = 'nowhere'",
  ]) {
    await first.pool.query(sql);
  }
  await first.close();
  const second = open(t, 'second');
  assert.equal(await one(second.pool, 'SELECT pg_backend_pid() AS it'), pid);
  assert.equal(await one(second.pool, KEPT), '0');
  await second.close();
});

test('a subtest finds what clients have set before it, and leaves it so', async (t) => {
  const outer = open(t, 'outer');
  const a = await outer.pool.connect();
  const b = await outer.pool.connect();
  const setting = (client: pg.Pool | pg.ClientBase) =>
    one(client, "SELECT current_setting('work_mem') AS it");
  await a.query('SET work_mem = 1111');
  await a.query('CREATE TEMP TABLE scratch AS SELECT 1 AS it');
  await b.query('SET work_mem = 2222');
  const inner = outer.nest({ name: 'inner', opened: captureTrace() });
  assert.equal(await setting(inner.pool), '4MB');
  await inner.pool.query('SET work_mem = 3333');
  await inner.pool.query('SELECT pg_advisory_lock(5)');
  await assert.rejects(inner.pool.query('TABLE scratch'), { code: '42P01' });
  await b.query('SET work_mem = 4444');
  await inner.close();
  assert.equal(await setting(a), '1111kB');
  assert.equal(await one(a, 'TABLE scratch'), 1);
  assert.equal(await setting(b), '2222kB');
  assert.equal(await one(b, 'SELECT pg_try_advisory_lock(5) AS it'), true);
  const again = outer.nest({ name: 'again', opened: captureTrace() });
  assert.equal(await setting(again.pool), '4MB');
  assert.equal(await one(again.pool, 'SELECT pg_try_advisory_lock(5) AS it'), false);
  await again.close();
  for (const client of [a, b]) client.release();
  await outer.close();
});

const RESIDUE: Readonly<Record<string, readonly [left: string | undefined, ...program: string[]]>> =
  {
    'a setting': ['SET work_mem', 'SET work_mem = 1111'],
    'a setting, put back': [undefined, 'SET work_mem = 1111', 'RESET work_mem'],
    'all settings, put back': [
      undefined,
      'SET work_mem = 1111',
      'SET ROLE NONE',
      'RESET ALL',
      'RESET ROLE',
    ],
    'a setting, rolled back': [undefined, 'BEGIN', 'SET work_mem = 1111', 'ROLLBACK'],
    'a setting, rolled back to a savepoint': [
      undefined,
      'BEGIN',
      'SAVEPOINT s',
      'SET work_mem = 1111',
      'ROLLBACK TO s',
      'COMMIT',
    ],
    'a setting of a transaction': [undefined, 'BEGIN', 'SET LOCAL work_mem = 1111', 'COMMIT'],
    'a channel': ['LISTEN ch', 'LISTEN ch'],
    'a channel, given up': [undefined, 'LISTEN ch', 'LISTEN other', 'UNLISTEN other', 'UNLISTEN *'],
    'an advisory lock': ['the advisory lock 7', 'SELECT pg_advisory_lock(7)'],
    'an advisory lock, given back': [
      undefined,
      'SELECT pg_advisory_lock(7)',
      'SELECT pg_advisory_unlock(7)',
    ],
    'an advisory lock of a transaction': [undefined, 'SELECT pg_advisory_xact_lock(7)'],
    'a temporary table': [
      'the temporary object scratch',
      'CREATE TEMP TABLE IF NOT EXISTS scratch (n int)',
    ],
    'a temporary table, dropped': [
      undefined,
      'CREATE TEMP TABLE scratch (n int)',
      'DROP TABLE IF EXISTS scratch',
    ],
    'a temporary table of a transaction': [
      undefined,
      'BEGIN',
      'CREATE TEMP TABLE scratch (n int) ON COMMIT DROP',
      'COMMIT',
    ],
  };

test('what a client still has when it went back to its pool is told, once', async (t) => {
  const warned: Error[] = [];
  const hear = (warning: Error) => warned.push(warning);
  process.on('warning', hear);
  t.after(() => process.off('warning', hear));
  for (const [name, [left, ...program]] of Object.entries(RESIDUE)) {
    const sandbox = open(t, name);
    const client = await sandbox.pool.connect();
    for (const sql of program) await client.query(sql);
    client.release();
    await sandbox.close();
    await new Promise((resolve) => setImmediate(resolve));
    const own = warned.splice(0).filter(({ message }) => message.includes(`"${name}"`));
    const told = own.map((warning) => {
      assert.ok(warning instanceof HazardError, String(warning));
      assert.equal(warning.code, 'no-dirty-release');
      assert.match(warning.used?.place?.file ?? '', /session-ends/);
      return warning.happened;
    });
    assert.deepEqual(
      told,
      left === undefined
        ? []
        : [
            `Test "${name}" gave a client back to the pool with ${left}. The next borrower has it, too.`,
          ],
    );
  }
});

test('a connection that no other test takes at once goes back as good as it was', async () => {
  const givenBack = new Promise<Error | undefined>((resolve, reject) => {
    const sandbox = openSandbox({
      name: 'the last for a while',
      opened: captureTrace(),
      checkout: () => connections.connect(),
      giveBack: (client, error) => {
        client.release(error);
        resolve(error);
      },
      warm: new WarmConnections(),
    });
    sandbox.pool
      .query('SELECT 1')
      .then(() => sandbox.close())
      .catch(reject);
  });
  assert.equal(await givenBack, undefined);
});
