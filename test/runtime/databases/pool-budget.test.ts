import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test, type TestContext } from 'node:test';
import { postgres } from 'savepoint/pg';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { DatabaseNames } from '../../../runtime/src/pg/database-names.ts';
import { budgetFrom, processesHere } from '../../../runtime/src/pg/pool-budget.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { administer, connectionStringTo } from '../../support/database.ts';
import { AS_TAP, namesIn, startNode } from '../../support/node-process.ts';
import { projectWith } from './test-run.ts';

// ---- the sum

const SERVER = { of: 'the server', most: 97, taken: 1, processes: 1 };
const ROLE = { of: 'role a', most: 10, taken: 2, processes: 1 };

const SHARES: readonly (readonly [
  what: string,
  limits: Parameters<typeof budgetFrom>[0]['limits'],
  here: number,
  share: number,
])[] = [
  ['one process has all', [SERVER], 1, 96],
  ['the processes of this machine share', [SERVER], 7, 13],
  ['so do those of others that are known', [{ ...SERVER, processes: 24 }], 7, 4],
  ['the closest limit counts', [SERVER, ROLE], 2, 4],
  ['and only those it limits', [{ ...SERVER, processes: 8 }, ROLE], 1, 8],
  ['more processes than connections', [{ ...SERVER, processes: 200 }], 1, 0],
  ['others have more than all', [{ ...ROLE, taken: 11 }], 1, 0],
];

for (const [what, limits, here, share] of SHARES) {
  test(`a share: ${what}`, () => {
    assert.equal(budgetFrom({ limits }, here).connections, share);
  });
}

const CHILD = { NODE_TEST_CONTEXT: 'child-v8' };

const PROCESSES: readonly (readonly [
  what: string,
  execArgv: string[],
  env: NodeJS.ProcessEnv,
  is: number,
])[] = [
  ['a file that is run alone', [], {}, 1],
  ['under the runner', [], CHILD, 7],
  ['as many as asked for', ['--test-concurrency=3'], CHILD, 3],
  ['asked for in two words', ['--test-concurrency', '3', '--no-warnings'], CHILD, 3],
  ['the last word counts', ['--test-concurrency=3', '--test-concurrency=5'], CHILD, 5],
  ['no number', ['--test-concurrency=x'], CHILD, 7],
];

for (const [what, execArgv, env, is] of PROCESSES) {
  test(`processes at the same time: ${what}`, () => {
    assert.equal(processesHere({ execArgv, env }, 8), is);
  });
}

// ---- kept on a real server

/** A server on which this test may have so many connections. */
async function serverWith(t: TestContext, connections: number): Promise<string> {
  const role = `app_${randomBytes(4).toString('hex')}`;
  await administer(
    `create role ${role} login createdb connection limit ${String(connections)} password 's3cret'`,
  );
  scopeOf(t).defer(async () => {
    const { prefix } = new DatabaseNames('postgres', role);
    const { rows } = await withConnection(await connectionStringTo('postgres'), (admin) =>
      admin.query<{ datname: string }>(
        'select datname from pg_database where starts_with(datname, $1)',
        [prefix],
      ),
    );
    for (const { datname } of rows)
      await administer(`drop database if exists ${datname} with (force)`);
    await administer(`drop role ${role}`);
  });
  const { host } = new URL(await connectionStringTo('postgres'));
  return `postgres://${role}:s3cret@${host}/postgres`;
}

const RUN = `
import { describe, test } from 'node:test';
import { postgres } from 'savepoint/pg';
const db = postgres({ connectionString: process.env.CONNECTION_STRING, migrate: 'create table users (id int)' });
describe('at once', { concurrency: true }, () => {
  for (let number = 0; number < 12; number++) {
    test('test ' + number, async (t) => {
      const pool = await db[process.env.ASKS](t);
      const client = await pool.connect();
      await pool.query('select pg_sleep(0.02)');
      client.release();
    });
  }
});
`;

describe('within what the server takes', { concurrency: true, timeout: 300_000 }, () => {
  for (const [ASKS, connections] of [
    ['rollback', 4],
    ['clone', 8],
  ] as const) {
    test(`12 tests that ${ASKS} at once find room in ${String(connections)} connections`, async (t) => {
      const own = await projectWith(t, { 'file.test.mjs': RUN });
      const CONNECTION_STRING = await serverWith(t, connections);
      const { exitCode, output } = await startNode([...AS_TAP, '--test-concurrency=1'], {
        cwd: own.folder,
        env: { CONNECTION_STRING, ASKS },
      }).ended;
      assert.equal(exitCode, 0, output);
      assert.equal(namesIn(output, 'ok').filter((name) => name.startsWith('test ')).length, 12);
    });
  }

  test('clones that cannot have what they need are explained', async (t) => {
    const db = postgres({ connectionString: await serverWith(t, 4), migrate: '' });
    await assert.rejects(db.clone(t), (error: Error) => {
      assert.equal((error as { code?: unknown }).code, 'require-pool-budget');
      assert.match(
        error.message,
        /^Clones need 5 connections in each process: role app_\w+ takes 4 connections, others have 0 of them, and (one test process|\d+ test processes) may run\. That is \d for each\. \[require-pool-budget\]/i,
      );
      return true;
    });
  });
});
