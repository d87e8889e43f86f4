/**
 * Templates, clones and the locks of their owners behind pgbouncer, which gives a session to one
 * client after another: two processes must never both believe that they hold a lock.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { postgres } from 'savepoint/pg';
import { readMigrations, type Migrations } from '../../runtime/src/pg/migrations.ts';
import { dropOrphans } from '../../runtime/src/pg/orphans.ts';
import { Owner } from '../../runtime/src/pg/owner.ts';
import { migratedTemplate } from '../../runtime/src/pg/template.ts';
import { captureTrace } from '../../runtime/src/trace.ts';
import { projectWith, startTests } from '../runtime/databases/test-run.ts';
import { untilOthersWait } from '../runtime/databases/waiting.ts';
import { administer, afterAllElse, connectionStringTo } from '../support/database.ts';
import { AS_TAP, namesIn, startNode } from '../support/node-process.ts';
import { noPgbouncer, pgbouncer, sessionSettings, type PoolMode } from './support/pgbouncer.ts';
import { Witness } from './support/sandboxes.ts';

const MODES: readonly PoolMode[] = ['session', 'transaction'];
/** Nothing is asked behind a lock. */
const look = () => Promise.resolve();
const SETTINGS = ['statement_timeout', 'lock_timeout', 'search_path'];

interface Pooled {
  /** Through the pooler. */
  readonly through: string;
  /** To the server. */
  readonly direct: string;
  /** What there is of this role. */
  readonly databases: () => Promise<string[]>;
}

/** A role of this test's own behind a pooler: what it made is all of its databases. */
async function pooled(t: TestContext, mode: PoolMode, databases = '*'): Promise<Pooled> {
  const role = `app_${randomBytes(4).toString('hex')}`;
  await administer(`create role ${role} login createdb password 's3cret'`);
  await administer(`alter role ${role} set statement_timeout = '30s'`);
  const { host } = new URL(await connectionStringTo('postgres'));
  const direct = `postgres://${role}:s3cret@${host}/postgres`;
  const witness = new Witness(await connectionStringTo('postgres'));
  const own = async () => {
    const rows = await witness.rows(
      `SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = '${role}' ORDER BY 1`,
    );
    return rows.map(([name]) => String(name));
  };
  afterAllElse(t, async () => {
    for (const name of await own())
      await administer(`drop database if exists ${name} with (force)`);
    await administer(`drop role ${role}`);
    await witness.end();
  });
  const through = await pgbouncer(t, mode, direct, { poolSize: 12, databases });
  return { through, direct, databases: own };
}

const DATABASE = `
import { appendFileSync } from 'node:fs';
import { postgres } from 'savepoint/pg';
export const db = postgres({
  connectionString: process.env.SERVER,
  max: 2,
  migrate: {
    fingerprint: process.env.FINGERPRINT ?? 'users',
    migrate: async (client) => {
      appendFileSync('migrations.log', 'started\\n');
      await client.query('create table users (name text unique)');
      await client.query('select pg_sleep(0.3)');
      if (process.env.FAILS) await client.query('select 1 / 0');
    },
  },
});
`;

const FILE = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db } from './db.mjs';
for (const way of ['rollback', 'clone', 'rollback', 'clone']) {
  test(way, async (t) => {
    const pool = await db[way](t);
    const client = await pool.connect();
    await client.query('begin');
    await client.query("insert into users values ('Ada')");
    await client.query('commit');
    client.release();
    assert.equal((await pool.query('select * from users')).rowCount, 1);
  });
}
`;

const FILES = { 'a.test.mjs': FILE, 'b.test.mjs': FILE, 'c.test.mjs': FILE };

for (const mode of MODES) {
  describe(`behind pgbouncer in ${mode} mode`, { skip: noPgbouncer(), timeout: 300_000 }, () => {
    test('processes at once migrate once; sandboxes and clones leave nothing', async (t) => {
      const { through, databases } = await pooled(t, mode);
      const before = await sessionSettings(through, SETTINGS);
      const own = await projectWith(t, { 'db.mjs': DATABASE, ...FILES });
      const { exitCode, output } = await startNode([...AS_TAP, '--test-concurrency=3'], {
        cwd: own.folder,
        env: { SERVER: through },
      }).ended;
      assert.equal(exitCode, 0, output);
      assert.equal(
        namesIn(output, 'ok').filter((name) => /^rollback|clone$/.test(name)).length,
        12,
      );
      assert.equal(readFileSync(join(own.folder, 'migrations.log'), 'utf8'), 'started\n');
      assert.deepEqual(
        (await databases()).map((name) => name.split('_')[2]),
        ['shared', 'template'],
      );
      assert.deepEqual(await sessionSettings(through, SETTINGS), before);
    });

    test('a migration that fails is told in every process', async (t) => {
      const { through } = await pooled(t, mode);
      const own = await projectWith(t, { 'db.mjs': DATABASE, ...FILES });
      const env = { SERVER: through, FAILS: 'yes' };
      const { code, output } = await startTests(t, own, env).ended;
      assert.equal(code, 1);
      assert.equal(
        namesIn(output, 'not ok').filter((name) => /rollback|clone/.test(name)).length,
        12,
      );
      assert.match(output, /division by zero/);
    });

    test('those who wait hear why another one failed, and nothing of it is left', async (t) => {
      const { through, databases } = await pooled(t, mode);
      const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
      t.after(() => rm(directory, { recursive: true }));
      const file = join(directory, '1.sql');
      await writeFile(file, 'create table users (id int);\nselect missing;');
      const read = await readMigrations({ directory }, { trace: captureTrace(), number: 0 });
      let ran = 0;
      const migrations: Migrations = {
        ...read,
        apply: async (client, connectionString) => {
          ran += 1;
          if (ran === 1) await untilOthersWait(client, 2);
          await read.apply(client, connectionString);
        },
      };
      const all = [1, 2, 3].map(() => migratedTemplate(through, migrations));
      for (const result of await Promise.allSettled(all)) {
        assert.ok(result.status === 'rejected');
        const { code, message } = result.reason as Error & { code?: string };
        assert.equal(code, 'ERR_SAVEPOINT_MIGRATION');
        assert.equal(
          message.startsWith(
            `column "missing" does not exist\n  at ${file}:2:8: select missing;\n`,
          ),
          true,
          message,
        );
      }
      assert.equal(ran, 1);
      assert.deepEqual(await databases(), []);
    });

    test('what one owner holds no other gets, by whichever way he comes', async (t) => {
      const { through, direct } = await pooled(t, mode);
      const owners = await Promise.all(
        [through, through, through, direct].map((url) => Owner.on(url)),
      );
      t.after(() => Promise.all(owners.map((owner) => owner.release())));
      assert.deepEqual(
        owners.map((owner) => owner.isPooled),
        [true, true, true, false],
      );
      const [holder, ...others] = owners;
      assert.ok(holder);
      await holder.claim('held');
      await holder.whileAlone('built', look, async () => {
        for (const other of others) {
          assert.equal(
            await other.ifAlone('built', look, () => Promise.resolve('entered')),
            undefined,
          );
          await other.whileUnheld(['held'], () => assert.fail('what is held was taken'));
        }
      });
      for (const other of others)
        assert.equal(
          await other.ifAlone('built', look, () => Promise.resolve('entered')),
          'entered',
        );
      await holder.release();
      const freed: string[] = [];
      // The pooler ends the session some time after its client has gone.
      while (freed.length === 0)
        await others[0]?.whileUnheld(['held'], (name) => Promise.resolve(void freed.push(name)));
      assert.deepEqual(freed, ['held']);
    });

    test('a wait for a lock that the server cancels spoils neither other locks nor those held', async (t) => {
      const { through, direct } = await pooled(t, mode);
      const owners = await Promise.all([through, through, through].map((url) => Owner.on(url)));
      t.after(() => Promise.all(owners.map((owner) => owner.release())));
      const [holder, waiter, other] = owners;
      assert.ok(holder && waiter && other);
      await waiter.claim('held');
      await holder.whileAlone('built', look, async () => {
        const cancelled = assert.rejects(
          waiter.whileAlone('built', look, () => assert.fail('what is held was taken')),
          { code: '57014' },
        );
        const meanwhile = waiter.claim('held, too');
        await cancelWaitIn(direct);
        await Promise.all([cancelled, meanwhile]);
      });
      await waiter.claim('held later');
      await other.whileUnheld(['held', 'held, too', 'held later'], () => assert.fail('taken'));
      assert.equal(
        await waiter.whileAlone('built', look, () => Promise.resolve('entered')),
        'entered',
      );
    });

    test('what a killed process held is free, and what it left is dropped', async (t) => {
      const { through, databases } = await pooled(t, mode);
      const own = await projectWith(t, { 'db.mjs': DATABASE, 'a.test.mjs': STAYS });
      const run = startNode(['a.test.mjs'], { cwd: own.folder, env: { SERVER: through } });
      const [, clone = ''] = await run.prints(/lives with (\S+)/);
      const owner = await Owner.on(through);
      t.after(() => owner.release());
      await dropOrphans(owner, { all: true });
      assert.ok((await databases()).includes(clone));
      run.process.kill('SIGKILL');
      await run.ended;
      while ((await databases()).length > 0) {
        await dropOrphans(owner, { all: true });
        await delay(20);
      }
    });
  });
}

/** Cancels what somebody of this role waits for, as soon as he does. */
async function cancelWaitIn(url: string): Promise<void> {
  const witness = new Witness(url);
  try {
    for (let cancelled = 0; cancelled === 0;) {
      const rows = await witness.rows(
        `SELECT pg_cancel_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE locktype = 'advisory' AND NOT granted AND usename = current_user`,
      );
      cancelled = rows.length;
    }
  } finally {
    await witness.end();
  }
}

const STAYS = `
import { test } from 'node:test';
import { db } from './db.mjs';
test('stays', async (t) => {
  const pool = await db.clone(t);
  const { rows } = await pool.query('select current_database() as name');
  console.log('lives with', rows[0].name);
  await pool.query('select pg_sleep(600)');
});
`;

describe('a pooler that cannot serve', { skip: noPgbouncer(), timeout: 300_000 }, () => {
  test('for want of transactions is refused by name', async (t) => {
    const { through, databases } = await pooled(t, 'statement');
    const db = postgres({ connectionString: through, migrate: 'select 1' });
    await assert.rejects(db.rollback(t), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_SAVEPOINT_POOLER');
      assert.match(
        error.message,
        /^The pooler at 127\.0\.0\.1:\d+ does not keep a session .* pool_mode/,
      );
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
    assert.deepEqual(await databases(), []);
  });

  test('since it knows one database only, says so', async (t) => {
    const { through } = await pooled(t, 'transaction', 'postgres');
    const db = postgres({ connectionString: through, migrate: 'select 1' });
    await assert.rejects(db.rollback(t), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_SAVEPOINT_CONNECT');
      assert.match(
        error.message,
        /no such database: savepoint_\w+.*A pooler has to know every database/,
      );
      return true;
    });
  });
});
