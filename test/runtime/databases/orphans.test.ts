/** What runs leave on a server, and who drops it: killed processes, live ones, and any number of starts at once. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { withConnection, withDatabase } from '../../../runtime/src/pg/connect.ts';
import { DatabaseNames } from '../../../runtime/src/pg/database-names.ts';
import { readMigrations } from '../../../runtime/src/pg/migrations.ts';
import { migratedTemplate } from '../../../runtime/src/pg/template.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { administer, connectionStringTo } from '../../support/database.ts';
import { startNode, type Running } from '../../support/node-process.ts';
import { run as runProgram } from '../../cli/savepoint.ts';
import { BIN, CHECKOUT } from '../../cli/savepoint.ts';

/** A role of this test's own: what it made, and nothing else, is its to drop. */
interface Role {
  readonly server: string;
  readonly prefix: string;
  /** What there is of it now. */
  databases(): Promise<string[]>;
}

async function roleOf(t: TestContext): Promise<Role> {
  const role = `app_${randomBytes(4).toString('hex')}`;
  await administer(`create role ${role} login createdb password 's3cret'`);
  const { host } = new URL(await connectionStringTo('postgres'));
  const { prefix } = new DatabaseNames('postgres', role);
  const databases = async () => {
    const { rows } = await asAdmin((admin) =>
      admin.query<{ datname: string }>(
        'select datname from pg_database where starts_with(datname, $1) order by 1',
        [prefix],
      ),
    );
    return rows.map(({ datname }) => datname);
  };
  scopeOf(t).defer(async () => {
    for (const name of await databases())
      await administer(`drop database if exists ${name} with (force)`);
    await administer(`drop role ${role}`);
  });
  return { server: `postgres://${role}:s3cret@${host}/postgres`, prefix, databases };
}

async function asAdmin<T>(work: (admin: pg.Client) => Promise<T>): Promise<T> {
  return withConnection(await connectionStringTo('postgres'), work);
}

/** A process with a shared database and two clones, that goes on until it is killed. */
const LIVE = `
import { postgres } from 'savepoint/pg';
import { test } from 'node:test';
const db = postgres({ connectionString: process.env.SERVER, migrate: process.env.MIGRATE });
test('lives', async (t) => {
  const shared = await db.rollback(t);
  await shared.query('select 1');
  await t.test('one', async (t) => {
    const one = await db.clone(t);
    const { rows } = await one.query('select current_database() as name');
    await t.test('another', async (t) => {
      const another = await db.clone(t);
      await another.query('select 1');
      console.log('lives with', rows[0].name);
      await another.query('select pg_sleep(600)');
    });
  });
});
`;

async function startLive(t: TestContext, { server }: Role, migrate: string) {
  const live = startNode(['--input-type=module', '--eval', LIVE], {
    cwd: CHECKOUT,
    env: { SERVER: server, MIGRATE: migrate },
  });
  scopeOf(t).defer(() => live.process.kill('SIGKILL'));
  const [, clone = ''] = await live.prints(/lives with (\S+)/);
  return { ...live, clone };
}

async function kill({ process: child, ended }: Running): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** A process that copies the very database it is given. */
const CLONES = `
import { postgres } from 'savepoint/pg';
import { test } from 'node:test';
const db = postgres({ connectionString: process.env.SERVER });
test('clones', async (t) => void (await (await db.clone(t)).query('select 1')));
`;

/** A short run, which prunes as every run does. */
const SHORT = `
import { postgres } from 'savepoint/pg';
import { test } from 'node:test';
const db = postgres({ connectionString: process.env.SERVER, migrate: process.env.MIGRATE });
test('asks', async (t) => void (await (await db.rollback(t)).query('select 1')));
`;

async function runShort({ server }: Role, migrate: string): Promise<void> {
  const { ended } = startNode(['--input-type=module', '--eval', SHORT], {
    cwd: CHECKOUT,
    env: { SERVER: server, MIGRATE: migrate },
  });
  const { exitCode, output } = await ended;
  assert.equal(exitCode, 0, output);
}

const PRUNE = `import { prune } from 'savepoint/pg'; console.log(JSON.stringify(await prune(process.env.SERVER)));`;

async function startPrune({ server }: Role): Promise<void> {
  const { ended } = startNode(['--input-type=module', '--eval', PRUNE], {
    cwd: CHECKOUT,
    env: { SERVER: server },
  });
  const { exitCode, output } = await ended;
  assert.equal(exitCode, 0, output);
}

function clonesIn(names: readonly string[]): string[] {
  return names.filter((name) => name.includes('_clone_'));
}

describe('orphans', { concurrency: 2, timeout: 300_000 }, () => {
  test('of a killed process are dropped by the next start, which keeps what is warm', async (t) => {
    const role = await roleOf(t);
    const killed = await startLive(t, role, 'select 1');
    assert.ok((await role.databases()).includes(killed.clone));
    await kill(killed);
    await runShort(role, 'select 1');
    assert.deepEqual(
      (await role.databases()).map((name) => name.split('_')[2]),
      ['shared', 'template'],
    );
  });

  test('are clones, too, that the server still makes for a killed process', async (t) => {
    const role = await roleOf(t);
    const template = `${role.prefix}own_${randomBytes(3).toString('hex')}`;
    await withConnection(role.server, (client) => client.query(`create database ${template}`));
    scopeOf(t).defer(() => administer(`drop database ${template} with (force)`));
    const making = () =>
      asAdmin(async (admin) => {
        const { rows } = await admin.query(
          `select from pg_stat_activity where usename = $1 and state = 'active' and query like 'create database %'`,
          [new URL(role.server).username],
        );
        return rows.length;
      });
    const connectionString = withDatabase(role.server, template);
    // The server waits a while for those who are connected to what is to be copied.
    await withConnection(connectionString, async () => {
      const cloning = startNode(['--input-type=module', '--eval', CLONES], {
        cwd: CHECKOUT,
        env: { SERVER: connectionString },
      });
      while ((await making()) === 0) await delay(20);
      await kill(cloning);
      await startPrune({ ...role, server: connectionString });
    });
    while ((await making()) > 0) await delay(20);
    assert.deepEqual(clonesIn(await role.databases()), []);
  });

  test('are never those of a live process, whoever prunes, whatever starts at once', async (t) => {
    const role = await roleOf(t);
    const killed = await startLive(t, role, 'select 1');
    await kill(killed);
    const prunes = () => Promise.all([startPrune(role), startPrune(role)]);
    const [live] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => startLive(t, role, 'select 1'))),
      prunes(),
    ]);
    const before = await role.databases();
    await prunes();

    const left = await role.databases();
    const own = (clone: string) => clone.replace(/_\d+$/, '_');
    const of = (names: readonly string[], clone: string) =>
      names.filter((name) => name.startsWith(own(clone)));
    for (const { clone } of live) {
      // Its own two; whether one was made ahead by then is all the same.
      assert.equal(of(before, clone).length >= 2, true);
      assert.deepEqual(of(left, clone).slice(0, 2), of(before, clone).slice(0, 2));
    }
    assert.deepEqual(of(left, killed.clone), []);
    assert.equal(
      left.some((name) => name.includes('_shared_')),
      true,
    );
  });

  test('are never databases of others, whatever they are called', async (t) => {
    const role = await roleOf(t);
    const names = [role.prefix, `${role.prefix}notes_1`, `${role.prefix}clones`, 'savepoint_x'];
    const own = names.map((name) => `${name}_${randomBytes(3).toString('hex')}`);
    await withConnection(role.server, async (client) => {
      for (const name of own) await client.query(`create database ${name}`);
    });
    scopeOf(t).defer(async () => {
      for (const name of own) await administer(`drop database ${name}`);
    });
    const foreign = `${role.prefix}clone_abcdef_1`;
    await administer(`create database ${foreign}`);
    await startPrune(role);
    const { rows } = await asAdmin((admin) =>
      admin.query('select from pg_database where datname = any ($1)', [[...own, foreign]]),
    );
    assert.equal(rows.length, own.length + 1);
  });

  test('are not what is kept for the next run; --all takes that, too', async (t) => {
    const role = await roleOf(t);
    await runShort(role, 'select 2');
    const env = { TEST_DATABASE_URL: role.server };
    const usual = runProgram(process.execPath, [BIN, 'prune'], CHECKOUT, { env });
    assert.equal(usual.exitCode, 0, usual.stderr);
    assert.match(
      usual.stdout,
      /^app_\w+@127\.0\.0\.1:\d+: 0 databases dropped, 2 left\n {2}left {4}savepoint_/,
    );
    assert.doesNotMatch(usual.stdout + usual.stderr, /s3cret/);
    const all = runProgram(process.execPath, [BIN, 'prune', '--all', role.server], CHECKOUT);
    assert.match(all.stdout, /: 2 databases dropped, 0 left\n/);
    assert.deepEqual(await role.databases(), []);
  });

  test('are templates whose migrations have changed since', async (t) => {
    const role = await roleOf(t);
    await runShort(role, 'select 1');
    const before = await role.databases();
    await runShort(role, 'select 2');
    const after = await role.databases();
    assert.equal(after.length, 2);
    assert.equal(
      after.some((name) => before.includes(name)),
      false,
    );
  });

  test('are not what a process still holds that started before the change', async (t) => {
    const role = await roleOf(t);
    const live = await startLive(t, role, 'select 1');
    await runShort(role, 'select 2');
    assert.ok((await role.databases()).includes(live.clone));
    assert.equal((await role.databases()).filter((name) => name.includes('_template_')).length, 2);
  });

  test('are not those whose owner lost his connection, and has it again', async (t) => {
    const role = await roleOf(t);
    const live = await startLive(t, role, 'select 1');
    const pids = () =>
      asAdmin(async (admin) => {
        const { rows } = await admin.query<{ pid: number }>(
          `select distinct pid from pg_locks join pg_stat_activity using (pid)
           where locktype = 'advisory' and usename = $1`,
          [new URL(role.server).username],
        );
        return rows.map(({ pid }) => pid);
      });
    const before = await pids();
    assert.equal(before.length, 1);
    await administer(`select pg_terminate_backend(${String(before[0])})`);
    for (let now = before; now.length !== 1 || now[0] === before[0]; now = await pids())
      await delay(20);
    await startPrune(role);
    assert.ok((await role.databases()).includes(live.clone));
    assert.equal(clonesIn(await role.databases()).length >= 2, true);
  });
});

test('prune without a server says what to name', () => {
  const { exitCode, stderr } = runProgram(process.execPath, [BIN, 'prune'], CHECKOUT, {
    env: { TEST_DATABASE_URL: '' },
  });
  assert.equal(exitCode, 2);
  assert.match(stderr, /^savepoint: which server\? Name it, or set TEST_DATABASE_URL/);
});

test('prune in a project without savepoint says so', () => {
  const { exitCode, stderr } = runProgram(
    process.execPath,
    [BIN, 'prune', 'postgres://a@b/c'],
    '/',
  );
  assert.equal(exitCode, 2);
  assert.match(stderr, /^savepoint: savepoint is not installed in this project/);
});

test('a server that does not answer is named, without its password', async () => {
  const silent = withDatabase('postgres://ada:s3cret@127.0.0.1:1/', 'x');
  const { exitCode, stderr } = runProgram(process.execPath, [BIN, 'prune', silent], CHECKOUT);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^savepoint: No PostgreSQL answers at 127\.0\.0\.1:1 /);
  assert.doesNotMatch(stderr, /s3cret/);
});

test('who migrates looks after what is there; those who wait for him need not', async (t) => {
  const role = await roleOf(t);
  const { server, prefix } = role;
  const orphan = `${prefix}clone_${randomBytes(6).toString('hex')}_1`;
  const leave = () => withConnection(server, (client) => client.query(`create database ${orphan}`));
  const fingerprint = randomBytes(8).toString('hex');
  let goOn: () => void = () => undefined;
  const otherWaits = new Promise<void>((resolve) => (goOn = resolve));
  const migrated: number[] = [];
  const start = (number: number) => {
    const migrate = async () => {
      migrated.push(number);
      await otherWaits;
    };
    const migrations = readMigrations(
      { fingerprint, migrate },
      { trace: captureTrace(), number: 0 },
    );
    return migratedTemplate(server, migrations);
  };
  const starting = [0, 1].map(start);
  await untilOneWaits(server);
  goOn();
  const started = await Promise.all(starting);
  await leave();
  const [builder = NaN] = migrated;
  assert.equal(migrated.length, 1);
  const end = async (number: number) => {
    started[number]?.prune();
    await started[number]?.release();
    return (await role.databases()).includes(orphan);
  };
  assert.equal(await end(1 - builder), true);
  assert.equal(await end(builder), false);
});

/** Settles when one session of a role waits for a lock of another. */
async function untilOneWaits(server: string): Promise<void> {
  for (;;) {
    const { rowCount } = await withConnection(server, (client) =>
      client.query(
        `select from pg_stat_activity where usename = current_user and wait_event = 'advisory'`,
      ),
    );
    if (rowCount) return;
  }
}
