import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import { postgres } from 'savepoint/pg';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import {
  administer,
  afterAllElse,
  connectionStringTo,
  scratchDatabase,
} from '../../support/database.ts';
import { passScripted, runScripted } from '../support/scripted-test.ts';
import { projectWith, startTests } from './test-run.ts';

const SCHEMA = `
  create table users (id int primary key, name text);
  create table jobs (id int primary key);
  insert into jobs values (1), (2);
  do $$ begin
    execute format('alter database %I set app.answer = %L', current_database(), 'it''s 42');
    execute format('alter database %I set search_path = public, pg_temp', current_database());
    execute format('revoke temporary on database %I from public', current_database());
  end $$;`;
const db = postgres({ migrate: SCHEMA });

function urlOf(pool: pg.Pool): string {
  return pool.options.connectionString ?? '';
}

function nameOf(pool: pg.Pool): string {
  return new URL(urlOf(pool)).pathname.slice(1);
}

async function valueOf(database: pg.Pool | pg.ClientBase, sql: string): Promise<unknown> {
  const { rows } = (await database.query({ text: sql, rowMode: 'array' })) as { rows: unknown[][] };
  return rows[0]?.[0];
}

async function databaseExists(name: string): Promise<boolean> {
  const { rowCount } = await withConnection(await connectionStringTo('postgres'), (admin) =>
    admin.query('select from pg_database where datname = $1', [name]),
  );
  return rowCount === 1;
}

/** Settles when a database has gone. The test's time-out is the deadline. */
async function untilDropped(name: string): Promise<void> {
  while (await databaseExists(name)) await delay(20);
}

async function codeOf(body: (t: TestContext) => unknown): Promise<unknown> {
  return ((await runScripted('one', body)) as { code?: unknown } | undefined)?.code;
}

describe('a clone', { concurrency: true, timeout: 300_000 }, () => {
  test('is migrated, has the settings and rights of the template, and is the test’s alone', async (t) => {
    const [one, another] = await Promise.all([
      t.test('one', async (t) => {
        const pool = await db.clone(t);
        await pool.query(`insert into users values (1, 'Ada')`);
        assert.equal(await valueOf(pool, `show app.answer`), `it's 42`);
        assert.equal(await valueOf(pool, `show search_path`), 'public, pg_temp');
        assert.equal(
          await valueOf(
            pool,
            `select has_database_privilege('public', current_database(), 'temporary')`,
          ),
          false,
        );
      }),
      t.test('another', async (t) => {
        const pool = await db.clone(t);
        assert.equal(await valueOf(pool, 'select count(*)::int from users'), 0);
      }),
    ]);
    assert.deepEqual([one, another], [undefined, undefined]);
  });

  test('is one, however often a test asks', async (t) => {
    const pools = await Promise.all([
      db.clone(t),
      db.clone(t),
      db.rollback(t, { isolation: 'clone' }),
    ]);
    assert.equal(new Set(pools).size, 1);
  });

  test('shows what is committed to every connection', async (t) => {
    const pool = await db.clone(t);
    const other = new pg.Client(urlOf(pool));
    t.after(() => other.end());
    await other.connect();
    const client = await pool.connect();
    await client.query(`begin; insert into users values (1, 'Ada')`);
    assert.equal(await valueOf(other, 'select count(*)::int from users'), 0);
    await client.query('commit');
    client.release();
    assert.equal(await valueOf(other, 'select count(*)::int from users'), 1);
  });

  test('carries notifications between connections', async (t) => {
    const pool = await db.clone(t);
    const listener = await pool.connect();
    await listener.query('listen news');
    const heard = once(listener, 'notification') as Promise<[pg.Notification]>;
    await pool.query(`notify news, 'hello'`);
    assert.equal((await heard)[0].payload, 'hello');
    await listener.query('unlisten news');
    listener.release();
  });

  test('has workers that skip what others have locked', async (t) => {
    const pool = await db.clone(t);
    const workers = await Promise.all([pool.connect(), pool.connect()]);
    const taken: unknown[] = [];
    for (const worker of workers) {
      await worker.query('begin');
      taken.push(
        await valueOf(worker, 'select id from jobs order by id for update skip locked limit 1'),
      );
    }
    for (const worker of workers) {
      await worker.query('rollback');
      worker.release();
    }
    assert.deepEqual(taken, [1, 2]);
  });

  test('fails what cannot be serialized', async (t) => {
    const pool = await db.clone(t);
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    for (const client of clients) {
      await client.query('begin isolation level serializable');
      await client.query('select count(*) from users');
    }
    const refused: unknown[] = [];
    for (const [id, client] of clients.entries()) {
      await client
        .query(`insert into users values (${String(id)}); commit`)
        .catch((error: unknown) => refused.push((error as pg.DatabaseError).code));
      await client.query('rollback');
    }
    for (const client of clients) client.release();
    assert.deepEqual(refused, ['40001']);
  });

  test('does what a transaction cannot', async (t) => {
    const pool = await db.clone(t);
    await pool.query('create index concurrently users_name on users (name)');
    await pool.query('vacuum users');
  });

  test('is dropped when its test ends', async () => {
    let name = '';
    const failure = await runScripted('one', async (t) => {
      const pool = await db.clone(t);
      name = nameOf(pool);
      await pool.query('select 1');
      assert.ok(await databaseExists(name));
    });
    assert.equal(failure, undefined);
    await untilDropped(name);
  });

  test('can be ended by the app', async () => {
    assert.equal(await codeOf(async (t) => (await db.clone(t)).end()), undefined);
  });

  test('is what every test of a declaration gets when that says so', async (t) => {
    const clones = postgres({ migrate: SCHEMA, isolation: 'clone' });
    const name = nameOf(await clones.rollback(t));
    assert.match(name, /_clone_/);
    const shared = await valueOf(
      await clones.rollback(t, { isolation: 'rollback' }),
      'select current_database()',
    );
    assert.match(String(shared), /_shared_/);
  });

  test('shows its password to nobody who prints its pool', async (t) => {
    const pool = await db.clone(t);
    const { password } = new URL(urlOf(pool));
    assert.ok(password);
    assert.equal(inspect(pool, { depth: 6 }).includes(password), false);
  });
});

// ---- what is left, and what comes late

const LEFT: readonly (readonly [
  what: string,
  body: (pool: pg.Pool, t: TestContext) => unknown,
  code: string | undefined,
])[] = [
  ['nothing', (pool) => pool.query('select 1'), undefined],
  ['a client that is out', (pool) => pool.connect(), 'require-client-release'],
  [
    'a client that came back in a transaction',
    async (pool) => {
      const client = await pool.connect();
      await client.query('begin');
      client.release();
    },
    'no-dirty-release',
  ],
  [
    'a client whose COMMIT was on its way when it came back',
    async (pool) => {
      const client = await pool.connect();
      await client.query('begin');
      const committed = client.query('commit');
      client.release();
      await committed;
    },
    undefined,
  ],
  [
    'a query that does not end',
    (pool) => {
      pool.query('select pg_sleep(600)').catch(() => undefined);
    },
    'no-late-activity',
  ],
  [
    'a connection beside the pool',
    async (pool, t) => {
      const other = new pg.Client(urlOf(pool));
      // Ended behind all that savepoint does at the end of the test around.
      endLater.push(() => other.end());
      await other.connect();
      assert.ok(t);
    },
    'require-pool-end',
  ],
];
const endLater: (() => Promise<void>)[] = [];

describe('a test that leaves in its clone', { timeout: 300_000 }, () => {
  for (const [what, body, code] of LEFT) {
    test(`${what}: ${code ?? 'nothing is said'}`, async () => {
      assert.equal(await codeOf(async (t) => body(await db.clone(t), t)), code);
      for (let end = endLater.pop(); end; end = endLater.pop()) await end();
    });
  }

  test('nothing else is told of who asks later', async () => {
    let late: pg.Pool | undefined;
    await passScripted('one', async (t) => (late = await db.clone(t)));
    await assert.rejects(async () => late?.query('select 1'), { code: 'no-late-activity' });
    await assert.rejects(async () => late?.connect(), { code: 'no-late-activity' });
    const [error] = await new Promise<unknown[]>((resolve) => {
      late?.query('select 1', (...answer: unknown[]) => {
        resolve(answer);
      });
    });
    assert.equal((error as { code?: unknown }).code, 'no-late-activity');
  });
});

// ---- a database of the user's own

describe('without migrations', { timeout: 300_000 }, () => {
  test('the named database is copied as it is', async (t) => {
    const connectionString = await scratchDatabase(t);
    await withConnection(connectionString, (client) => client.query('create table pets (id int)'));
    const pool = await postgres({ connectionString }).clone(t);
    assert.equal(await valueOf(pool, 'select count(*)::int from pets'), 0);
  });

  test('who is connected to the named database is named', async (t) => {
    const connectionString = await scratchDatabase(t);
    const guest = new pg.Client({ connectionString, application_name: 'a guest' });
    t.after(() => guest.end());
    await guest.connect();
    await assert.rejects(postgres({ connectionString }).clone(t), (error: Error) => {
      assert.equal((error as { code?: unknown }).code, 'no-template-in-use');
      assert.match(
        error.message,
        /others are connected to it: "a guest" of postgres from 127\.0\.0\.1/,
      );
      return true;
    });
  });

  test('one that does not look like a test database is refused', async (t) => {
    const connectionString = 'postgres://ada@db.invalid/shop';
    await assert.rejects(postgres({ connectionString }).clone(t), {
      code: 'ERR_SAVEPOINT_NOT_A_TEST_DATABASE',
    });
  });
});

// ---- whole runs

const RUN = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({ connectionString: process.env.CONNECTION_STRING, migrate: 'create table users (id int)', ...JSON.parse(process.env.OPTIONS) });
for (const number of [1, 2, 3, 4, 5]) {
  test('number ' + number, async (t) => {
    const pool = await db.clone(t);
    const { rows } = await pool.query("insert into users values (1) returning current_database() as name");
    t.diagnostic('clone ' + rows[0].name);
    assert.notEqual(number, Number(process.env.FAILS));
  });
}
`;

async function runOf(t: TestContext, env: NodeJS.ProcessEnv) {
  const server = await scratchDatabase(t);
  const own = await projectWith(t, { 'file.test.mjs': RUN });
  const { code, output } = await startTests(t, own, {
    CONNECTION_STRING: server,
    OPTIONS: '{}',
    ...env,
  }).ended;
  const clones = [...output.matchAll(/# clone (\S+)/g)].map(([, name = '']) => name);
  return { code, output, clones };
}

/** Every clone that this process made, those included that nobody took. */
async function clonesLike(name: string): Promise<string[]> {
  const { rows } = await withConnection(await connectionStringTo('postgres'), (admin) =>
    admin.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [name.replace(/\d+$/, '')],
    ),
  );
  return rows.map(({ datname }) => datname);
}

describe('a run with clones', { concurrency: true, timeout: 300_000 }, () => {
  test('leaves none of them, nor those that it made ahead', async (t) => {
    const { code, output, clones } = await runOf(t, {});
    assert.equal(code, 0, output);
    assert.equal(new Set(clones).size, 5);
    assert.deepEqual(await clonesLike(clones[0] ?? ''), []);
  });

  for (const [how, env] of [
    ['by an option', { OPTIONS: '{ "keepFailed": true }' }],
    ['by the environment', { SAVEPOINT_KEEP_FAILED: '1' }],
  ] as const) {
    test(`keeps the one of a test that fails when asked ${how}, and says where it is`, async (t) => {
      const { code, output, clones } = await runOf(t, { ...env, FAILS: '3' });
      assert.equal(code, 1, output);
      const kept = await clonesLike(clones[0] ?? '');
      for (const name of kept) afterAllElse(t, () => administer(`drop database if exists ${name}`));
      assert.deepEqual(kept, [clones[2]]);
      assert.match(
        output,
        new RegExp(
          `# the database of test "number 3" is kept: postgres://postgres@127\\.0\\.0\\.1:\\d+/${String(clones[2])}`,
        ),
      );
    });
  }

  test('does not keep it when nobody asked', async (t) => {
    const { clones } = await runOf(t, { FAILS: '3' });
    assert.deepEqual(await clonesLike(clones[0] ?? ''), []);
  });
});
