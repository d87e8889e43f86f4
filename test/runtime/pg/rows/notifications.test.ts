/** LISTEN and NOTIFY: who hears what, and when, in a sandbox and for real. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { HazardError } from '../../../../runtime/src/hazard-error.ts';
import { openedFor } from '../support/sandbox.ts';

type Who = 'a' | 'b';
type Step = string | { readonly on?: Who; readonly sql: string; readonly values?: unknown[] };

const LONG = 'c'.repeat(70);

const PROGRAMS: Readonly<Record<string, readonly Step[]>> = {
  'at once, outside of a transaction': [
    'LISTEN ch',
    "NOTIFY ch, 'one'",
    'NOTIFY ch',
    'NOTIFY other',
  ],
  'both clients, and only those that listen': [
    'LISTEN ch',
    { on: 'b', sql: 'LISTEN other' },
    { on: 'b', sql: "NOTIFY ch, 'from b'" },
    "NOTIFY other, 'from a'",
    { on: 'b', sql: 'UNLISTEN other' },
    "NOTIFY other, 'lost'",
    { on: 'b', sql: 'LISTEN ch' },
    "NOTIFY ch, 'both'",
  ],
  'at COMMIT, in order, the same only once': [
    'LISTEN ch',
    { on: 'b', sql: 'LISTEN ch' },
    'BEGIN',
    "NOTIFY ch, 'x'",
    "NOTIFY ch, 'y'",
    "NOTIFY ch, 'x'",
    'NOTIFY ch',
    "SELECT pg_notify('ch', '')",
    'COMMIT',
    "NOTIFY ch, 'x'",
  ],
  'not after ROLLBACK, ROLLBACK TO, or an error': [
    'LISTEN ch',
    'BEGIN',
    "NOTIFY ch, 'rolled back'",
    'ROLLBACK',
    'BEGIN',
    "NOTIFY ch, 'before'",
    'SAVEPOINT s',
    "NOTIFY ch, 'between'",
    'ROLLBACK TO s',
    "NOTIFY ch, 'after'",
    'SAVEPOINT s',
    "NOTIFY ch, 'released'",
    'RELEASE s',
    'COMMIT',
    'BEGIN',
    "NOTIFY ch, 'lost'",
    'SELECT 1 / 0',
    "NOTIFY ch, 'ignored'",
    'COMMIT',
    "NOTIFY ch, 'together'; SELECT 1 / 0",
  ],
  'LISTEN in a transaction is for its own COMMIT': [
    'BEGIN',
    'LISTEN ch',
    "NOTIFY ch, 'own'",
    'COMMIT',
    'BEGIN',
    'UNLISTEN ch',
    "NOTIFY ch, 'too late'",
    'COMMIT',
    'BEGIN',
    'LISTEN ch',
    'ROLLBACK',
    "NOTIFY ch, 'not listening'",
    'LISTEN one; LISTEN two; UNLISTEN *; LISTEN three',
    'NOTIFY one; NOTIFY two; NOTIFY three; NOTIFY three',
  ],
  'a transaction in one text': [
    'LISTEN ch',
    "BEGIN; NOTIFY ch, '1'; COMMIT; BEGIN; NOTIFY ch, '2'; NOTIFY ch, '1'; COMMIT",
    "BEGIN; NOTIFY ch, '3'; COMMIT AND CHAIN; NOTIFY ch, '4'",
    'COMMIT',
  ],
  'pg_notify with constants, values and what they make': [
    'LISTEN ch',
    "SELECT pg_notify('ch', 'constant')",
    { sql: 'SELECT pg_notify($1, $2)', values: ['ch', 'value'] },
    { sql: 'SELECT pg_notify($1::text, $2::text) AS sent', values: ['ch', 7] },
    { sql: 'SELECT * FROM pg_notify($1, $2)', values: ['ch', { json: [1] }] },
    { sql: 'SELECT pg_catalog.pg_notify($1, $2), 1', values: ['ch', null] },
    { sql: "SELECT pg_notify('ch', 'user:' || $1)", values: ['1'] },
    {
      sql: "SELECT pg_notify('ch', json_build_object('id', $1::int, 'o''k', true)::text)",
      values: [5],
    },
    "SELECT pg_notify('ch', E'line\\nbreak')",
    "NOTIFY ch, E'tab\\t'",
    'NOTIFY ch, $$dollar$$',
    "SELECT pg_notify(lower('CH'), 'lower')",
    "SELECT pg_notify('CH', 'another channel')",
  ],
  'names are folded, quoted and cut': [
    'LISTEN Ch',
    'NOTIFY cH',
    'LISTEN "Ch"',
    `NOTIFY "Ch", 'quoted'`,
    `LISTEN ${LONG}`,
    `NOTIFY ${LONG}x, 'cut'`,
  ],
  'what the server refuses': [
    'LISTEN ch',
    { sql: 'SELECT pg_notify($1, $2)', values: [LONG, 'x'] },
    "SELECT pg_notify('', 'x')",
    "SELECT pg_notify(NULL, 'x')",
    { sql: 'SELECT pg_notify($1, $2)', values: ['ch', 'x'.repeat(8000)] },
    "NOTIFY ch, 'still'",
  ],
  'in the text that listens': [
    "LISTEN ch; NOTIFY ch; SELECT pg_notify('ch', 'x' || 1)",
    "SELECT 1; NOTIFY ch, 'lost'; SELECT 1 / 0",
  ],
  'read only transactions, too': ['LISTEN ch', 'BEGIN READ ONLY', 'NOTIFY ch', 'COMMIT'],
};

for (const [name, program] of Object.entries(PROGRAMS)) {
  test(`notifications: ${name}`, async (t) => {
    const { pool, witness } = await openedFor(t);
    assert.deepEqual(await heardOf(pool, program), await heardOf(witness, program));
  });
}

test('a notification reaches its own client before COMMIT answers, with the driver’s fields', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  const heard: pg.Notification[] = [];
  client.on('notification', (notification) => heard.push(notification));
  await client.query('LISTEN ch');
  await client.query('BEGIN');
  await client.query("NOTIFY ch, 'ä'");
  assert.deepEqual(heard, []);
  await client.query('COMMIT');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  assert.deepEqual(heard, [
    { length: 14, processId: rows[0]?.pid, channel: 'ch', payload: 'ä', name: 'notification' },
  ]);
  client.release();
});

for (const sql of [
  "SELECT pg_notify('ch', id::text) FROM users",
  "WITH gone AS (DELETE FROM users RETURNING id) SELECT pg_notify('ch', 'x') FROM gone",
  "SELECT pg_notify('ch', random()::text)",
]) {
  test(`somebody listens, and what is said cannot be read: ${sql}`, async (t) => {
    const { pool } = await openedFor(t, { schema: 'CREATE TABLE users (id int)' });
    await pool.query(sql);
    const listener = await pool.connect();
    await listener.query('LISTEN ch');
    await assert.rejects(pool.query(sql), isRefused);
    await listener.query('UNLISTEN *');
    await pool.query(sql);
    await listener.query('BEGIN');
    await listener.query(sql);
    await assert.rejects(listener.query('LISTEN ch'), isRefused);
    await listener.query('ROLLBACK');
    listener.release();
  });
}

test('the server does not know the channels of a client, and is not asked for them', async (t) => {
  const { pool } = await openedFor(t);
  const [listener, other] = [await pool.connect(), await pool.connect()];
  await listener.query('LISTEN ch');
  await assert.rejects(listener.query('SELECT pg_listening_channels()'), isRefused);
  assert.deepEqual((await other.query('SELECT pg_listening_channels()')).rows, []);
  await listener.query('UNLISTEN ch');
  assert.deepEqual((await listener.query('SELECT pg_listening_channels()')).rows, []);
  listener.release();
  other.release();
});

test('what triggers and functions notify is not heard: a note names them', async (t) => {
  const { pool } = await openedFor(t, {
    schema: `
      CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('ch', 'x'); RETURN NULL; END $$;
      CREATE FUNCTION quiet() RETURNS int LANGUAGE sql AS 'SELECT 1';
    `,
  });
  const warned: Error[] = [];
  const hear = (warning: Error) => warned.push(warning);
  process.on('warning', hear);
  t.after(() => process.off('warning', hear));
  await pool.query('LISTEN ch');
  await pool.query('LISTEN other');
  await new Promise((resolve) => setImmediate(resolve));
  const notes = warned.filter(
    (warning) => warning instanceof HazardError && /tell/.test(warning.message),
  );
  assert.equal(notes.length, 1);
  assert.doesNotMatch(String(notes[0]), /quiet/);
});

test('a client that has ended listens no more', async (t) => {
  const { pool } = await openedFor(t);
  const client = await pool.connect();
  const heard: unknown[] = [];
  client.on('notification', (notification) => heard.push(notification));
  await client.query('LISTEN ch');
  client.release(true);
  await pool.query('NOTIFY ch');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, []);
});

function isRefused(error: unknown): boolean {
  return error instanceof HazardError && error.code === 'no-sandboxed-concurrency-test';
}

/** What each client hears, statement by statement, and how each statement was answered. */
async function heardOf(pool: pg.Pool, program: readonly Step[]): Promise<unknown[]> {
  const clients = { a: await pool.connect(), b: await pool.connect() };
  const heard: { who: string }[] = [];
  for (const who of ['a', 'b'] as const) {
    clients[who].on('notification', ({ processId: _, ...notification }) =>
      heard.push({ who, ...notification }),
    );
  }
  const observed: unknown[] = [];
  for (const step of program) {
    const { on = 'a', sql, values } = typeof step === 'string' ? { sql: step } : step;
    const answer: unknown = await clients[on].query(sql, values).then(
      (result) => [result].flat().map(({ command, rows }) => [command, rows]),
      (error: unknown) => (error as pg.DatabaseError).code,
    );
    // A session is told when it is asked something.
    const both = [clients.a, clients.b];
    if (both.every((client) => client.getTransactionStatus() === 'I'))
      for (const client of both) await client.query('');
    await new Promise((resolve) => setImmediate(resolve));
    // Which client is told first is chance.
    const inOrder = heard.splice(0).toSorted((one, two) => one.who.localeCompare(two.who));
    observed.push({ sql, answer, heard: inOrder });
  }
  for (const client of [clients.a, clients.b]) {
    client.removeAllListeners('notification');
    await client.query('ROLLBACK');
    await client.query('UNLISTEN *');
    client.release();
  }
  return observed;
}
