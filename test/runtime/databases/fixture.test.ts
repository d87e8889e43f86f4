import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import pg from 'pg';
import { postgres, type PostgresOptions } from 'savepoint/pg';
import {
  administer,
  afterAllElse,
  connectionStringTo,
  scratchDatabase,
  testServer,
} from '../../support/database.ts';

const schema = 'create table users (id int primary key, name text)';
const db = postgres({ connectionString: process.env.NO_SUCH_VARIABLE, migrate: schema });

async function names(database: pg.Pool | pg.Client): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>('select name from users order by id');
  return rows.map(({ name }) => name);
}

// ---- what a test gets

for (const id of [1, 2]) {
  test(`a test sees no rows but its own (${String(id)})`, async (t) => {
    const pool = await db.rollback(t);
    await pool.query(`insert into users values (1, 'Ada')`);
    assert.deepEqual(await names(pool), ['Ada']);
  });
}

test(
  'tests that run at the same time see no rows but their own',
  { concurrency: true },
  async (t) => {
    const insert = async (t: TestContext) => {
      const pool = await db.rollback(t);
      await pool.query(`insert into users values (1, '${t.name}')`);
      assert.deepEqual(await names(pool), [t.name]);
    };
    await Promise.all(['Ada', 'Bob', 'Eve'].map((name) => t.test(name, insert)));
  },
);

test('a test that asks twice has one pool', async (t) => {
  assert.equal(...(await Promise.all([db.rollback(t), db.rollback(t)])));
});

test('the first question takes the connection that is on its way', async (t) => {
  const own = `${schema} -- ${t.name}, process ${String(process.pid)}`;
  const pool = await postgres({ connectionString: undefined, migrate: own }).rollback(t);
  const { rows } = await pool.query<{ sessions: number }>(
    'select count(*)::int as sessions from pg_stat_activity where datname = current_database()',
  );
  assert.deepEqual(rows, [{ sessions: 1 }]);
});

test('a subtest sees what its parent did, and is rolled back alone', async (t) => {
  const outer = await db.rollback(t);
  await outer.query(`insert into users values (1, 'Ada')`);
  await t.test('inside', async (t) => {
    const inner = await db.rollback(t);
    await inner.query(`insert into users values (2, 'Bob')`);
    assert.deepEqual(await names(inner), ['Ada', 'Bob']);
  });
  assert.deepEqual(await names(outer), ['Ada']);
});

test('an app with a connection of its own finds the migrated database', async (t) => {
  const app = new pg.Client(await db.connectionString());
  t.after(() => app.end());
  await app.connect();
  assert.deepEqual(await names(app), []);
});

test('without migrations a named database is used as it is', async (t) => {
  const connectionString = await scratchDatabase(t);
  const pool = await postgres({ connectionString }).rollback(t);
  const { rows } = await pool.query<{ name: string }>('select current_database() as name');
  assert.equal(`/${String(rows[0]?.name)}`, new URL(connectionString).pathname);
});

test('without anything there is an empty database', async (t) => {
  const pool = await postgres().rollback(t);
  assert.equal((await pool.query('select 1')).rowCount, 1);
});

// ---- what is refused

interface Refusal {
  readonly what: string;
  readonly options: () => Promise<PostgresOptions>;
  readonly code: string;
  readonly says: RegExp;
}

const PASSWORD = 's3cret';

/** A port on which nobody listens. */
async function silentPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

async function testHost(): Promise<string> {
  return new URL((await testServer()).connectionString).host;
}

const REFUSALS: readonly Refusal[] = [
  {
    what: 'no server there',
    options: async () => ({
      connectionString: `postgres://ada:${PASSWORD}@127.0.0.1:${await silentPort()}/app_test`,
    }),
    code: 'ERR_SAVEPOINT_CONNECT',
    says: /^No PostgreSQL answers at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED/,
  },
  {
    what: 'no server there to migrate on',
    options: async () => ({
      connectionString: `postgres://ada:${PASSWORD}@localhost:${await silentPort()}/app`,
      migrate: schema,
    }),
    code: 'ERR_SAVEPOINT_CONNECT',
    says: /^No PostgreSQL answers at localhost:\d+ \(.*ECONNREFUSED/,
  },
  {
    what: 'a wrong password',
    options: async () => ({
      connectionString: `postgres://postgres:${PASSWORD}@${await testHost()}/app_test`,
    }),
    code: 'ERR_SAVEPOINT_CONNECT',
    says: /^PostgreSQL at 127\.0\.0\.1:\d+ refused postgres@127\.0\.0\.1:\d+\/app_test: password authentication failed for user "postgres"/,
  },
  {
    what: 'a wrong password to migrate with',
    options: async () => ({
      connectionString: `postgres://postgres:${PASSWORD}@${await testHost()}/app_test`,
      migrate: schema,
    }),
    code: 'ERR_SAVEPOINT_CONNECT',
    says: /password authentication failed/,
  },
  {
    what: 'no such database',
    options: async () => ({ connectionString: await connectionStringTo('absent_test') }),
    code: 'ERR_SAVEPOINT_CONNECT',
    says: /database "absent_test" does not exist/,
  },
  {
    what: 'a database that does not look like one for tests',
    options: () =>
      Promise.resolve({ connectionString: `postgres://ada:${PASSWORD}@db.invalid/shop` }),
    code: 'ERR_SAVEPOINT_NOT_A_TEST_DATABASE',
    says: /^ada@db\.invalid:5432\/shop .*allowDatabase: "shop"$/,
  },
  {
    what: 'a connection string that cannot be parsed',
    options: () =>
      Promise.resolve({ connectionString: `postgres://ada:${PASSWORD}#@db.invalid/app_test` }),
    code: 'ERR_SAVEPOINT_CONNECTION_STRING',
    says: /^The connection string is not one/,
  },
  {
    what: 'a connection string to migrate on that cannot be parsed',
    options: () =>
      Promise.resolve({
        connectionString: `postgres://ada:${PASSWORD}@db.invalid:x/app_test`,
        migrate: schema,
      }),
    code: 'ERR_SAVEPOINT_CONNECTION_STRING',
    says: /^The connection string is not one/,
  },
  {
    what: 'a directory that is not there',
    options: () => Promise.resolve({ migrate: { directory: './no-such-folder' } }),
    code: 'ERR_SAVEPOINT_MIGRATIONS',
    says: /no-such-folder cannot be read \(ENOENT\)/,
  },
  {
    what: 'a migration that fails',
    options: () => Promise.resolve({ migrate: 'select * from absent' }),
    code: 'ERR_SAVEPOINT_MIGRATION',
    says: /^relation "absent" does not exist\n {2}at line 1, column 15 of the SQL given at /,
  },
];

for (const { what, options, code, says } of REFUSALS) {
  test(`is refused: ${what}`, async (t) => {
    const refused = postgres(await options());
    await assert.rejects(refused.rollback(t), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, says);
      assert.doesNotMatch(inspect(error, { depth: null, showHidden: true }), new RegExp(PASSWORD));
      return true;
    });
  });
}

test('a database of another name is used when it is allowed', async (t) => {
  await administer('create database shop');
  afterAllElse(t, () => administer('drop database shop with (force)'));
  const connectionString = await connectionStringTo('shop');
  const pool = await postgres({ connectionString, allowDatabase: 'shop' }).rollback(t);
  assert.equal((await pool.query('select 1')).rowCount, 1);
});

const WRONG_OPTIONS: readonly (readonly [options: object, says: RegExp])[] = [
  [
    { conectionString: `postgres://ada:${PASSWORD}@db.invalid/app_test` },
    /no option "conectionString"\. It has: connectionString, migrate/,
  ],
  [
    { connectionString: `${PASSWORD}@db.invalid/app_test` },
    /"connectionString" of postgres\(\) must be a URL/,
  ],
  [{ connectionString: 5432 }, /"connectionString"/],
  [{ migrate: 1 }, /"migrate" .* must be SQL, a function/],
  [{ migrate: { directori: 'x' } }, /"migrate"/],
  [{ migrate: { directory: 'x', fingerprint: 'y' } }, /"migrate"/],
  [{ migrate: { migrate: () => undefined } }, /"migrate"/],
  [{ allowDatabase: [1] }, /"allowDatabase"/],
  [{ max: 0 }, /"max" .* 1 or more/],
  [{ max: 1.5 }, /"max"/],
];

test('options that are none are refused where they are given', () => {
  for (const [options, says] of WRONG_OPTIONS) {
    assert.throws(
      () => postgres(options),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_SAVEPOINT_OPTIONS');
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, new RegExp(PASSWORD));
        return true;
      },
    );
  }
});
