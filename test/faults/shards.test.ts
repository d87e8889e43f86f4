/** Shards that start at the same instant on one machine, one of which is killed at a random moment. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { prune } from 'savepoint/pg';
import { withConnection } from '../../runtime/src/pg/connect.ts';
import { projectWith } from '../runtime/databases/test-run.ts';
import { administer, afterAllElse, connectionStringTo } from '../support/database.ts';
import { namesIn, NODE } from '../support/node-process.ts';
import { Witness } from './support/sandboxes.ts';
import { argumentsOf, NAMES, partOf, SHARDED } from './support/sharded-suite.ts';

const SHARDS = 3;
const ROUNDS = 3;

/** A role of this test's own. */
async function roleOf(t: TestContext) {
  const role = `app_${randomBytes(4).toString('hex')}`;
  await administer(`create role ${role} login createdb password 's3cret'`);
  const databases = async () => {
    const { rows } = await withConnection(await connectionStringTo('postgres'), (admin) =>
      admin.query<{ datname: string }>(
        `select datname from pg_database where pg_get_userbyid(datdba) = $1 order by 1`,
        [role],
      ),
    );
    return rows.map(({ datname }) => datname);
  };
  const witness = new Witness(await connectionStringTo('postgres'));
  const untilGone = () =>
    witness.until('SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = $1)', [
      role,
    ]);
  afterAllElse(t, async () => {
    await witness.end();
    for (const name of await databases()) await administer(`drop database ${name} with (force)`);
    await administer(`drop role ${role}`);
  });
  const { host } = new URL(await connectionStringTo('postgres'));
  return { server: `postgres://${role}:s3cret@${host}/postgres`, databases, untilGone };
}

test('a shard that is killed at a random moment costs the others nothing', async (t) => {
  const seed = Number(process.env.SAVEPOINT_SEED ?? Math.floor(Math.random() * 1e9));
  t.diagnostic(`SAVEPOINT_SEED=${String(seed)}`);
  const { server, databases, untilGone } = await roleOf(t);
  const { folder } = await projectWith(t, SHARDED);

  const start = (round: number, index: number) => {
    const log = `${String(round)}.log`;
    const child = spawn(NODE, argumentsOf(index, SHARDS), {
      cwd: folder,
      // A group of its own, which can be killed as one.
      detached: true,
      env: {
        ...process.env,
        NODE_TEST_CONTEXT: undefined,
        SERVER: server,
        FINGERPRINT: String(round),
        LOG: join(folder, log),
        MACHINE: String(index),
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
    t.after(() => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    });
    return { group: -(child.pid ?? NaN), ended };
  };
  const startAll = (round: number) => [0, 1, 2].map((index) => start(round, index));
  const migratedBy = (round: number) =>
    readFileSync(join(folder, `${String(round)}.log`), 'utf8')
      .trim()
      .split('\n');

  const began = performance.now();
  const whole = await Promise.all(startAll(0).map(({ ended }) => ended));
  const took = performance.now() - began;
  for (const { code, output } of whole) assert.equal(code, 0, output);
  const passed = whole.flatMap(({ output }) => namesIn(output, 'ok'));
  assert.equal(passed.filter((name) => name === 'clone').length, 2 * NAMES.length);
  assert.equal(migratedBy(0).length, 1);

  for (let round = 1; round <= ROUNDS; round++) {
    const shards = startAll(round);
    const after = Math.round(partOf(seed, round) * took);
    const victim = round % SHARDS;
    t.diagnostic(`shard ${String(victim + 1)} is killed after ${String(after)} ms`);
    await delay(after);
    try {
      process.kill(shards[victim]?.group ?? NaN, 'SIGKILL');
    } catch {
      // It had ended.
    }
    const outcomes = await Promise.all(shards.map(({ ended }) => ended));
    for (const [index, { code, output }] of outcomes.entries())
      if (index !== victim) assert.equal(code, 0, output);
    const others = migratedBy(round).filter((index) => index !== String(victim));
    assert.equal(others.length <= 1, true, others.join());

    // Until the server has noticed that it is killed, what it left is not there for the taking.
    await untilGone();
    // The next start drops what the killed one left: all its clones.
    const next = await start(round, victim).ended;
    assert.equal(next.code, 0, next.output);
    const left = await databases();
    assert.deepEqual(
      left.filter((name) => name.includes('_clone_')),
      [],
    );
  }

  // Nobody holds any of it any more.
  await prune(server, { all: true });
  assert.deepEqual(await databases(), []);
});
