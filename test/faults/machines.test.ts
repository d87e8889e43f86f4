/**
 * Several machines and one PostgreSQL, as `--test-shard` is used: hosts with a network stack, a name
 * and processes of their own. They start at the same instant; one is lost at a random moment, off the
 * wire first, so that the server never hears that its connections have ended.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectWith } from '../runtime/databases/test-run.ts';
import { namesIn, NODE } from '../support/node-process.ts';
import { hosts, noHosts, type Host } from './support/hosts.ts';
import { argumentsOf, NAMES, partOf, SHARDED } from './support/sharded-suite.ts';
import { serverOn, type ServerOnHost } from './support/server-on-host.ts';

const CHECKOUT = new URL('../..', import.meta.url).pathname;

/** Says what it holds, and is in the middle of it until it is lost. */
const HOLDS = `
import { test } from 'node:test';
import { db } from './db.mjs';
test('holds', async (t) => {
  const clone = await db.clone(t);
  await clone.query('select 1');
  const pool = await db.rollback(t);
  await pool.query("insert into users values ('Ada')");
  console.log('holds');
  if (process.env.ASKS) await pool.query('select pg_sleep(2)');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
`;

const PRUNE = `
import { prune } from 'savepoint/pg';
await prune(process.env.SERVER, { all: true });
`;

/** What a process on a machine came to. */
interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
}

interface Started {
  /** Lets it go on. */
  begin(): void;
  prints(words: string): Promise<void>;
  readonly ended: Promise<Outcome>;
}

/** Ready to run, so that several can begin at the same instant. */
function ready(host: Host, folder: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const process_ = host.spawn(['sh', '-c', 'read go && exec "$@"', 'sh', NODE, ...args], {
    cwd: folder,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, MACHINE: host.name, ...env },
  });
  let output = '';
  for (const stream of [process_.stdout, process_.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  let isOver = false;
  const ended = once(process_, 'close').then(([code]) => {
    isOver = true;
    return { exitCode: code as number | null, output };
  });
  const started: Started = {
    begin: () => process_.stdin?.end('go\n'),
    prints: async (words) => {
      while (!output.includes(words)) {
        if (isOver) throw new Error(`it ended without it:\n${output}`);
        await delay(20);
      }
    },
    ended,
  };
  return started;
}

/** Asks the server, on its own machine. */
async function ask<T>(host: Host, server: string, sql: string): Promise<T[]> {
  const script = `
    import pg from 'pg';
    const client = new pg.Client(process.env.SERVER);
    await client.connect();
    const { rows } = await client.query(process.env.SQL);
    await client.end();
    console.log(JSON.stringify(rows ?? []));`;
  const args = ['--input-type=module', '--eval', script];
  const asking = ready(host, CHECKOUT, args, { SERVER: server, SQL: sql });
  asking.begin();
  const { exitCode, output } = await asking.ended;
  assert.equal(exitCode, 0, output);
  return JSON.parse(output) as T[];
}

describe('several machines on one server', { skip: noHosts(), timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'machines-'));
  let hub: Host;
  let machines: Host[];
  let server: ServerOnHost;
  let url: string;
  /** How long a run takes that nobody disturbs. */
  let tookMillis = 3_000;

  before(async () => {
    const names = ['server', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
    const [first, ...others] = await hosts(names);
    assert.ok(first);
    hub = first;
    machines = others;
    server = await serverOn(hub);
    // No machine is lost to the server for longer than the test can wait.
    await ask(
      hub,
      server.connectionString,
      `create role app login createdb password 's3cret';
       alter role app set tcp_keepalives_idle = 1;
       alter role app set tcp_keepalives_interval = 1;
       alter role app set tcp_keepalives_count = 2;
       alter role app set tcp_user_timeout = 3000`,
    );
    await ask(hub, server.connectionString, `create role plain login createdb password 's3cret'`);
    url = `postgres://app:s3cret@${hub.address}:5432/postgres`;
  });

  after(async () => {
    for (const machine of machines) await machine.powerOff();
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  const kindsLeft = async () => {
    const rows = await ask<{ datname: string }>(
      hub,
      server.connectionString,
      `select datname from pg_database where starts_with(datname, 'savepoint_') order by 1`,
    );
    return rows.map(({ datname }) => datname.split('_')[2]);
  };

  const untilForgotten = async ({ address }: Host) => {
    const of = `select from pg_stat_activity where client_addr = '${address}'`;
    while ((await ask(hub, server.connectionString, of)).length > 0) await delay(100);
  };

  /** A checkout of the suite on a machine of its own. */
  const checkout = (t: TestContext) =>
    projectWith(t, {
      ...SHARDED,
      'prune.mjs': PRUNE,
      'holds.mjs': HOLDS,
    });

  /** A start on a machine, from a checkout of its own. */
  const passes = async (t: TestContext, on: Host, file: string, env: NodeJS.ProcessEnv) => {
    const started = ready(on, (await checkout(t)).folder, [file], env);
    started.begin();
    const { exitCode, output } = await started.ended;
    assert.equal(exitCode, 0, output);
  };

  /** What the next start leaves there is for the run after it, and nobody holds any of it. */
  const nothingIsLeftFor = async (t: TestContext, next: Host, env: NodeJS.ProcessEnv) => {
    await passes(t, next, 'a.test.mjs', env);
    assert.deepEqual(await kindsLeft(), ['shared', 'template']);
    await passes(t, next, 'prune.mjs', env);
    assert.deepEqual(await kindsLeft(), []);
  };

  /** The shards of one run, ready on these machines. */
  const shards = (t: TestContext, fingerprint: string, on: readonly Host[]) => {
    const LOG = join(folder, `${fingerprint}.log`);
    writeFileSync(LOG, '');
    const env = { SERVER: url, FINGERPRINT: fingerprint, LOG };
    const starts = on.map(async (host, index) => {
      const { folder: project } = await checkout(t);
      return ready(host, project, argumentsOf(index, on.length), env);
    });
    const migratedBy = () => readFileSync(LOG, 'utf8').trim().split('\n');
    return Promise.all(starts).then((started) => ({ started, migratedBy, env }));
  };

  test('shards that start at the same instant migrate once, and are all green', async (t) => {
    const { started, migratedBy, env } = await shards(t, 'whole', machines.slice(0, 3));
    const began = performance.now();
    for (const each of started) each.begin();
    const outcomes = await Promise.all(started.map(({ ended }) => ended));
    tookMillis = performance.now() - began;
    for (const { exitCode, output } of outcomes) assert.equal(exitCode, 0, output);
    const passed = outcomes.flatMap(({ output }) => namesIn(output, 'ok'));
    assert.equal(passed.filter((name) => name === 'rollback').length, 2 * NAMES.length);
    assert.equal(passed.filter((name) => name === 'clone').length, 2 * NAMES.length);
    assert.equal(migratedBy().length, 1);
    const [next] = machines;
    assert.ok(next);
    await nothingIsLeftFor(t, next, env);
    assert.equal(migratedBy().length, 1);
  });

  test('one that is lost at a random moment costs the others nothing, and leaves nothing', async (t) => {
    const seed = Number(process.env.SAVEPOINT_SEED ?? Math.floor(Math.random() * 1e9));
    t.diagnostic(`SAVEPOINT_SEED=${String(seed)}`);
    for (const [round, victim] of machines.slice(2, 4).entries()) {
      const alive = machines.slice(0, 2);
      const { started, migratedBy, env } = await shards(t, `lost-${String(round)}`, [
        ...alive,
        victim,
      ]);
      for (const each of started) each.begin();
      const after = Math.round(partOf(seed, round) * tookMillis);
      t.diagnostic(`${victim.name} is lost after ${String(after)} ms`);
      await delay(after);
      victim.cutOff();
      await victim.powerOff();
      const [one, two] = await Promise.all(started.map(({ ended }) => ended));
      for (const each of [one, two]) assert.equal(each?.exitCode, 0, each?.output);
      const by = migratedBy();
      assert.equal(by.filter((name) => name !== victim.name).length <= 1, true, by.join());
      assert.equal(by.filter((name) => name === victim.name).length <= 1, true, by.join());

      await untilForgotten(victim);
      const [next] = alive;
      assert.ok(next);
      await nothingIsLeftFor(t, next, env);
    }
  });

  for (const [what, given, says, file] of [
    ['while it migrates', { HANG: 'yes' }, 'migrates', 'a.test.mjs'],
    ['in the middle of a test', {}, 'holds', 'holds.mjs'],
    ['while the server works for it', { ASKS: 'yes' }, 'holds', 'holds.mjs'],
  ] as const) {
    test(`one that is lost ${what} holds nothing for long`, async (t) => {
      const FINGERPRINT = `held-${says}-${Object.keys(given).join('')}`;
      const env = { SERVER: url, FINGERPRINT, LOG: join(folder, 'held.log') };
      const victim = machines.pop();
      const [next] = machines;
      assert.ok(victim && next);
      const project = await checkout(t);
      const lost = ready(victim, project.folder, [file], { ...env, ...given });
      lost.begin();
      await lost.prints(says);
      victim.cutOff();
      await victim.powerOff();
      await passes(t, next, 'a.test.mjs', env);
      await untilForgotten(victim);
      await nothingIsLeftFor(t, next, env);
    });
  }

  test('rows of one that is lost are free before those give up who wait, though nobody has set anything', async (t) => {
    const env = {
      SERVER: url.replace('app', 'plain'),
      FINGERPRINT: 'plain',
      LOG: join(folder, 'plain.log'),
    };
    const victim = machines.pop();
    const [next] = machines;
    assert.ok(victim && next);
    const lost = ready(victim, (await checkout(t)).folder, ['holds.mjs'], env);
    lost.begin();
    await lost.prints('holds');
    victim.cutOff();
    await victim.powerOff();
    await passes(t, next, 'a.test.mjs', env);
  });
});
