/** Several databases in one test, of one kind and of several, each of them undone. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import pg from 'pg';
import { postgres, rollbackEach } from 'savepoint/pg';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { administer, afterAllElse, scratchDatabase } from '../../support/database.ts';
import { ownServer } from '../../faults/support/own-server.ts';
import { DRIVERS, type DriverHere } from '../sqlite/drivers.ts';

const USERS = 'create table users (name text unique)';

/** A database as a test of these meets it. */
interface Member {
  /** Writes a user, and counts all there are. */
  writes(t: TestContext): Promise<number>;
  counts(t: TestContext): Promise<number>;
}

function postgresMember(options: Parameters<typeof postgres>[0]): Member {
  // One connection each: whoever waits for a second one would wait for ever.
  const db = postgres({ max: 1, ...options });
  const counts = async (t: TestContext) => {
    const { rows } = await (
      await db.rollback(t)
    ).query<{ n: number }>('select count(*)::int as n from users');
    return rows[0]?.n ?? NaN;
  };
  const writes = async (t: TestContext) => {
    const client = await (await db.rollback(t)).connect();
    await client.query('begin');
    await client.query("insert into users values ('Ada')");
    await client.query('commit');
    client.release();
    return counts(t);
  };
  return { counts, writes };
}

function sqliteMember(driver: DriverHere): Member {
  const db = driver.describe({ migrate: USERS });
  const counts = async (t: TestContext) => {
    const row = (await db.rollback(t)).prepare('select count(*) as n from users').get();
    return (row as { n: number }).n;
  };
  const writes = async (t: TestContext) => {
    const handle = await db.rollback(t);
    for (const sql of ['begin', "insert into users values ('Ada')", 'commit']) handle.exec(sql);
    return counts(t);
  };
  return { counts, writes };
}

/** A database of its own that is migrated already, as the given user meets it. */
async function named(t: TestContext, role?: string): Promise<Member> {
  const url = new URL(await scratchDatabase(t));
  await withConnection(url.href, (client) =>
    client.query(`${USERS}; grant all on users to public`),
  );
  if (role) Object.assign(url, { username: role, password: 's3cret' });
  return postgresMember({ connectionString: url.href });
}

async function migrated(t: TestContext, migrate: string): Promise<Member> {
  return postgresMember({ connectionString: await scratchDatabase(t), migrate });
}

async function role(t: TestContext): Promise<string> {
  const name = `app_${randomBytes(4).toString('hex')}`;
  await administer(`create role ${name} login password 's3cret'`);
  afterAllElse(t, () => administer(`drop role ${name}`));
  return name;
}

const SETS: readonly (readonly [string, (t: TestContext) => Promise<readonly Member[]>])[] = [
  [
    'two schemas on one server',
    (t) => Promise.all([migrated(t, USERS), migrated(t, `${USERS}; create table more (id int)`)]),
  ],
  ['two databases of one server', (t) => Promise.all([named(t), named(t)])],
  [
    'two databases of one server, with a user each',
    async (t) => {
      const [first, second] = [await role(t), await role(t)];
      return [await named(t, first), await named(t, second)];
    },
  ],
  [
    'two PostgreSQL databases and one of SQLite',
    async (t) => [await named(t), await migrated(t, USERS), ...DRIVERS.map(sqliteMember)],
  ],
];

describe('several databases in one test', { timeout: 300_000 }, () => {
  for (const [what, make] of SETS) {
    test(`${what} are each undone`, async (t) => {
      const members = await make(t);
      for (const name of ['first', 'second']) {
        await t.test(name, async (t) => {
          for (const member of members) assert.equal(await member.writes(t), 1);
        });
      }
      await t.test('finds nothing', async (t) => {
        for (const member of members) assert.equal(await member.counts(t), 0);
      });
    });

    test(`${what}, asked for in opposite orders by tests at the same time`, async (t) => {
      const members = await make(t);
      const orders = [members, [...members].reverse(), members, [...members].reverse()];
      const tests = orders.map((order, index) =>
        t.test(`test ${String(index)}`, async (t) => {
          for (const member of order) assert.equal(await member.writes(t), 1);
        }),
      );
      await Promise.all(tests);
      await t.test('finds nothing', async (t) => {
        for (const member of members) assert.equal(await member.counts(t), 0);
      });
    });
  }
});

describe('a writer and a reader', { timeout: 300_000 }, () => {
  test('on one database see one another’s work in the test, and it is undone', async (t) => {
    const connectionString = await scratchDatabase(t);
    await withConnection(connectionString, (client) => client.query(USERS));
    const [writer, reader] = [0, 1].map(() => new pg.Pool({ connectionString }));
    assert.ok(writer && reader);
    const seen: (number | null)[] = [];
    await t.test('suite', async (t) => {
      rollbackEach([writer, reader]);
      for (const name of ['first', 'second']) {
        await t.test(name, async () => {
          await writer.query("insert into users values ('Ada')");
          seen.push((await reader.query('select from users')).rowCount);
        });
      }
    });
    assert.deepEqual(seen, [1, 1]);
    const left = await withConnection(connectionString, (client) =>
      client.query('select from users'),
    );
    assert.equal(left.rowCount, 0);
  });

  test('on a standby are refused by name, whichever way it is asked for', async (t) => {
    const server = await ownServer();
    afterAllElse(t, () => server.remove());
    const standby = await server.startStandby();
    const refused = (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_SAVEPOINT_STANDBY');
      assert.match(error.message, /^The server at 127\.0\.0\.1:\d+ is a standby: .*rollbackEach/);
      return true;
    };
    const allowDatabase = 'postgres';
    const asIs = postgres({ connectionString: standby, allowDatabase });
    await t.test('as it is', async (t) => {
      await assert.rejects(async () => (await asIs.rollback(t)).query('select 1'), refused);
    });
    const migrate = postgres({ connectionString: standby, migrate: USERS });
    await assert.rejects(migrate.rollback(t), refused);
    await assert.rejects(asIs.clone(t), refused);
  });
});
