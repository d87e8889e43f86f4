/**
 * What tests in a transaction have been known to get wrong: found by trying pg-transactional-tests
 * 1.2.2, or told in the threads that are named. Here through an app's own pool.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { postgres, rollbackEach } from 'savepoint/pg';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { testServer } from '../../support/database.ts';

const SCHEMA = `
  CREATE TABLE users (name text PRIMARY KEY);
  CREATE FUNCTION add_user(name text) RETURNS text LANGUAGE sql
    AS 'INSERT INTO users VALUES (name) RETURNING name';
`;

const { connectionString } = await testServer();
const database = postgres({ connectionString, migrate: SCHEMA });
const pool = new pg.Pool({ connectionString, max: 3 });

rollbackEach(pool, { database });

after(async () => {
  const left = await committed();
  await pool.end();
  assert.equal(left, 0, 'rows were committed');
});

/** How many rows another session sees. */
async function committed(): Promise<number> {
  return withConnection(await database.connectionString(), async (witness) => {
    const { rows } = await witness.query<{ n: number }>('SELECT count(*)::int AS n FROM users');
    return rows[0]?.n ?? -1;
  });
}

async function names(): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM users ORDER BY name');
  return rows.map(({ name }) => name);
}

async function withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

/** As a handler of an app: a transaction of its own, rolled back when it fails. */
function register(...added: readonly string[]): Promise<void> {
  return withClient(async (client) => {
    await client.query('BEGIN');
    try {
      for (const name of added) await client.query('INSERT INTO users VALUES ($1)', [name]);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    }
  });
}

describe('what a SELECT writes is rolled back, also as the first statement of a test', () => {
  for (const turn of ['first', 'second']) {
    test(`${turn} test`, async () => {
      await pool.query("SELECT add_user('Ada')");
      assert.deepEqual(await names(), ['Ada']);
    });
  }
});

for (const commit of ['/* done */ COMMIT', '-- done\nCOMMIT', 'END', 'commit work;']) {
  test(`${JSON.stringify(commit)} commits for the app and for nobody else`, async () => {
    await withClient(async (client) => {
      await client.query('BEGIN');
      await client.query("INSERT INTO users VALUES ('Ada')");
      const { command } = await client.query(commit);
      assert.equal(command, 'COMMIT');
    });
    assert.deepEqual(await names(), ['Ada']);
    assert.equal(await committed(), 0);
  });
}

test('a whole transaction in one text does all that it says', async () => {
  await withClient((client) =>
    client.query(
      "BEGIN; INSERT INTO users VALUES ('Ada'); INSERT INTO users VALUES ('Bob'); COMMIT",
    ),
  );
  assert.deepEqual(await names(), ['Ada', 'Bob']);
  assert.equal(await committed(), 0);
});

test("ROLLBACK TO of the app's own savepoint undoes what came after it, and no more", async () => {
  await pool.query("INSERT INTO users VALUES ('Ada')");
  await withClient(async (client) => {
    await client.query('BEGIN');
    await client.query("INSERT INTO users VALUES ('Bob')");
    await client.query('SAVEPOINT app');
    await client.query("INSERT INTO users VALUES ('Cleo')");
    await client.query('ROLLBACK TO SAVEPOINT app');
    await client.query('COMMIT');
  });
  assert.deepEqual(await names(), ['Ada', 'Bob']);
});

test('a unique violation leaves the test usable', async () => {
  await pool.query("INSERT INTO users VALUES ('Ada')");
  await assert.rejects(pool.query("INSERT INTO users VALUES ('Ada')"), { code: '23505' });
  await pool.query("INSERT INTO users VALUES ('Bob')");
  assert.deepEqual(await names(), ['Ada', 'Bob']);
});

// romeerez/orchid-orm#163
test('an error that the test expects, in a transaction of the app, ends that transaction only', async () => {
  await register('Ada');
  await assert.rejects(register('Bob', 'Ada'), { code: '23505' });
  await register('Cleo');
  assert.deepEqual(await names(), ['Ada', 'Cleo']);
});

// romeerez/pg-transactional-tests#2
test('requests at the same time have transactions of their own: one fails, the others do not', async () => {
  const outcomes = await Promise.allSettled([
    register('Ada', 'Bob'),
    register('Cleo', 'Cleo'),
    register('Dora', 'Eve'),
    pool.query("INSERT INTO users VALUES ('Fay')"),
  ]);
  const states = outcomes.map(({ status }) => status);
  assert.deepEqual(states, ['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  assert.deepEqual(await names(), ['Ada', 'Bob', 'Dora', 'Eve', 'Fay']);
});

test('a cursor is given back as it was passed, and reads in steps', async () => {
  await withClient(async (client) => {
    const given = new Cursor<{ n: number }>('SELECT n FROM generate_series(1, 5) AS n');
    const cursor = client.query(given);
    assert.equal(cursor, given);
    assert.deepEqual(await cursor.read(2), [{ n: 1 }, { n: 2 }]);
    assert.deepEqual(await cursor.read(9), [{ n: 3 }, { n: 4 }, { n: 5 }]);
    await cursor.close();
  });
});

test("the pool's options stay what the app made them", async () => {
  await names();
  assert.equal(pool.options.max, 3);
  assert.equal(pool.options.connectionString, connectionString);
});

describe('tests at the same time see their own rows only', { concurrency: true }, () => {
  for (const name of ['Ada', 'Bob', 'Cleo', 'Dora', 'Eve']) {
    test(name, async () => {
      await register(name);
      assert.deepEqual(await names(), [name]);
      await pool.query('DELETE FROM users');
      assert.deepEqual(await names(), []);
    });
  }
});
