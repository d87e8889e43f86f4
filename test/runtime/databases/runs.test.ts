import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { testServer } from '../../support/database.ts';
import { projectWith, startTests } from './test-run.ts';
import { serverOf, untilGone, type Project } from './users.ts';

const DATABASE = `
import { appendFileSync } from 'node:fs';
import { postgres } from 'savepoint/pg';

const { CONNECTION_STRING, FINGERPRINT, HANG } = process.env;

async function createUsers(client) {
  appendFileSync('migrations.log', 'started\\n');
  await client.query('create table users (id int primary key)');
  if (HANG) {
    console.error('migrating in', process.pid);
    await client.query('select pg_sleep(600)');
  }
}

export const db = postgres({
  connectionString: CONNECTION_STRING,
  migrate: FINGERPRINT ? { fingerprint: FINGERPRINT, migrate: createUsers } : createUsers,
});
`;

const TEST = `
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { db } from './db.mjs';

for (const name of ['one', 'another']) {
  test(name, async (t) => {
    const pool = await db.rollback(t);
    assert.equal((await pool.query('select * from users')).rowCount, 0);
    await pool.query('insert into users values (1)');
    if (process.env.STAY) {
      console.error('using it in', process.pid);
      await pool.query('select pg_sleep(600)');
    }
  });
}
`;

async function projectOfFiles(t: TestContext, count: number): Promise<Project> {
  const names = Array.from({ length: count }, (_, index) => `file-${String(index)}.test.mjs`);
  return projectWith(t, {
    'db.mjs': DATABASE,
    ...Object.fromEntries(names.map((name) => [name, TEST])),
  });
}

function migrationsIn({ folder }: Project): number {
  return readFileSync(join(folder, 'migrations.log'), 'utf8').split('\n').length - 1;
}

async function pass(t: TestContext, own: Project, environment?: NodeJS.ProcessEnv): Promise<void> {
  const { code, output } = await startTests(t, own, environment).ended;
  assert.equal(code, 0, output);
}

// Each in a project of its own.
describe('a run of several files', { concurrency: true, timeout: 300_000 }, () => {
  test('has one server and migrates once, from a cold start', async (t) => {
    const own = await projectOfFiles(t, 5);
    await pass(t, own);
    assert.equal(migrationsIn(own), 1);
  });

  test('migrates by a function once, and the next run again', async (t) => {
    const own = await projectOfFiles(t, 3);
    const CONNECTION_STRING = (await testServer()).connectionString;
    await pass(t, own, { CONNECTION_STRING });
    assert.equal(migrationsIn(own), 1);
    await pass(t, own, { CONNECTION_STRING });
    assert.equal(migrationsIn(own), 2);
  });

  test('finds what another run migrated under the same fingerprint', async (t) => {
    const own = await projectOfFiles(t, 2);
    const environment = {
      CONNECTION_STRING: (await testServer()).connectionString,
      FINGERPRINT: randomBytes(8).toString('hex'),
    };
    const runs = Array.from({ length: 2 }, () => pass(t, own, environment));
    await Promise.all(runs);
    assert.equal(migrationsIn(own), 1);
  });

  test('that was killed while it migrated is followed by a clean one', async (t) => {
    const own = await projectOfFiles(t, 1);
    const environment = {
      CONNECTION_STRING: (await testServer()).connectionString,
      FINGERPRINT: randomBytes(8).toString('hex'),
    };
    const killed = startTests(t, own, { ...environment, HANG: 'yes' });
    const [, builder] = await killed.prints(/migrating in (\d+)/);
    process.kill(Number(builder), 'SIGKILL');
    await killed.ended;

    await pass(t, own, environment);
    assert.equal(migrationsIn(own), 2);
  });

  test('that was killed leaves neither server nor folder', async (t) => {
    const own = await projectOfFiles(t, 1);
    const killed = startTests(t, own, { STAY: 'yes' });
    const [, user] = await killed.prints(/using it in (\d+)/);
    const { keeper, postmaster } = await serverOf(own);
    killed.process.kill('SIGKILL');
    process.kill(Number(user), 'SIGKILL');

    await untilGone(own.state);
    await untilGone(postmaster);
    await untilGone(keeper);
  });

  test('that only declares a database opens nothing', async (t) => {
    const own = await projectWith(t, {
      'db.mjs': DATABASE,
      'file.test.mjs': `import { test } from 'node:test'; import './db.mjs'; test('nothing', () => {});`,
    });
    await pass(t, own);
    assert.equal(existsSync(own.state), false);
  });
});
