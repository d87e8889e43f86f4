/**
 * The process of a test is killed, or interrupted as by Ctrl-C, in the middle of it: the server is
 * left as it was, and the next run starts warm.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { connectionStringTo, testServer } from '../support/database.ts';
import { startTests, type TestRun } from '../runtime/databases/test-run.ts';
import { projectOn, type PoolKind } from './support/projects.ts';
import { Witness } from './support/sandboxes.ts';

const DATABASE = `
import { appendFileSync } from 'node:fs';
import { postgres } from 'savepoint/pg';

export const db = postgres({
  connectionString: process.env.CONNECTION_STRING,
  migrate: {
    fingerprint: process.env.FINGERPRINT,
    migrate: async (client) => {
      appendFileSync('migrations.log', 'migrated\\n');
      await client.query('create table users (id int primary key)');
    },
  },
});
`;

/** Where the test is when it is killed, with the statement that is then the last one. */
const PLACES = {
  'in a statement': 'await pool.query("select pg_sleep(600)")',
  'in a transaction of the app’s': `
    const client = await pool.connect();
    await client.query('begin');
    await client.query('insert into users values (2)');
    await client.query("select pg_sleep(600)");`,
  'between statements': `
    await pool.query("select 'pg_sleep'");
    await new Promise((resolve) => setTimeout(resolve, 600_000));`,
  'in a hook': `
    t.after(() => pool.query("select pg_sleep(600)"));`,
};

const file = (place: string) => `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db, poolOf } from './pool.mjs';

console.error('in', new URL(await db.connectionString()).pathname.slice(1));

test('is killed', async (t) => {
  const pool = await poolOf(t);
  assert.equal((await pool.query('select * from users')).rowCount, 0);
  await pool.query('begin; insert into users values (1); commit');
  if (!process.env.STAY) return;
  console.error('here in', process.pid);
  ${place}
});
`;

/** How a run ends before its time; settles when it has ended. */
const ENDS = {
  'SIGKILL of the test process': async (run: TestRun, pid: number) => {
    process.kill(pid, 'SIGKILL');
    assert.notEqual((await run.ended).code, 0);
  },
  'SIGINT of the test process': async (run: TestRun, pid: number) => {
    process.kill(pid, 'SIGINT');
    assert.notEqual((await run.ended).code, 0);
  },
  'Ctrl-C': async (run: TestRun, pid: number) => {
    run.process.kill('SIGINT');
    process.kill(pid, 'SIGINT');
    assert.notEqual((await run.ended).code, 0);
  },
};

async function runsTwice(
  t: TestContext,
  pool: PoolKind,
  place: keyof typeof PLACES,
  end: keyof typeof ENDS,
): Promise<void> {
  const own = await projectOn(t, pool, {
    'db.mjs': DATABASE,
    'file.test.mjs': file(PLACES[place]),
  });
  const environment = {
    CONNECTION_STRING: (await testServer()).connectionString,
    FINGERPRINT: randomBytes(8).toString('hex'),
  };
  const killed = startTests(t, own, { ...environment, STAY: 'yes' });
  const [, pid = ''] = await killed.prints(/here in (\d+)/);
  const [, database = ''] = await killed.prints(/in (savepoint_\w+)/);
  const witness = new Witness(await connectionStringTo(database));
  t.after(() => witness.end());
  await witness.until(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'`,
  );

  await ENDS[end](killed, Number(pid));
  await witness.untilAlone();
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);

  const { code, output } = await startTests(t, own, environment).ended;
  assert.equal(code, 0, output);
  assert.equal(readFileSync(join(own.folder, 'migrations.log'), 'utf8'), 'migrated\n');
  assert.deepEqual(await witness.rows('SELECT * FROM users'), []);
}

describe(
  'nothing is left, and the next run is warm, after',
  { concurrency: 2, timeout: 300_000 },
  () => {
    const CASES: readonly (readonly [
      pool: PoolKind,
      place: keyof typeof PLACES,
      end: keyof typeof ENDS,
    ])[] = [
      ['db.rollback', 'in a statement', 'SIGKILL of the test process'],
      ['db.rollback', 'between statements', 'SIGINT of the test process'],
      ['db.rollback', 'in a transaction of the app’s', 'Ctrl-C'],
      ['db.rollback', 'in a hook', 'SIGKILL of the test process'],
      ['rollbackEach', 'in a transaction of the app’s', 'SIGKILL of the test process'],
      ['rollbackEach', 'in a statement', 'SIGINT of the test process'],
      ['rollbackEach', 'between statements', 'Ctrl-C'],
    ];
    for (const [pool, place, end] of CASES) {
      test(`${end} ${place}, with ${pool}`, (t) => runsTwice(t, pool, place, end));
    }
  },
);
