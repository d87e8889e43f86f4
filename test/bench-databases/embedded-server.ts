/**
 * What the embedded server saves: `tsx test/bench/embedded-server.ts [--rounds 7]`. Each pair is measured
 * in turns in one run, and told as a ratio of medians; milliseconds are only there to be looked at.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { placeData, removeLinkedData } from '../../runtime/src/pg/embedded/data-place.ts';
import { startPostmaster, type Postmaster } from '../../runtime/src/pg/embedded/postmaster.ts';
import { stateFolderOf } from '../../runtime/src/pg/embedded/state-folder.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const ROUNDS = Number(values.rounds);
const root = realpathSync(mkdtempSync(join(tmpdir(), 'bench-')));
chmodSync(root, 0o711);
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : root;

/** Milliseconds of each way, measured in turns. */
async function inTurns(
  ways: Readonly<Record<string, () => Promise<number>>>,
): Promise<Record<string, number>> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) (times[name] ??= []).push(await way());
  }
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => [
      name,
      all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0,
    ]),
  );
}

function tell(what: string, times: Record<string, number>, ours: string, others: string): void {
  const [a = 0, b = 0] = [times[ours], times[others]];
  console.log(
    `${what}: ${ours} ${a.toFixed(1)} ms, ${others} ${b.toFixed(1)} ms, ratio ${(a / b).toFixed(2)}`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

interface Server extends Postmaster {
  readonly client: pg.Client;
  readonly remove: () => Promise<void>;
}

/** A server whose data is in that folder, with a connection. */
async function serverIn(parent: string): Promise<Server> {
  process.env.SAVEPOINT_SERVER_DATA = mkdtempSync(join(parent, 'bench-'));
  const parentOfData = process.env.SAVEPOINT_SERVER_DATA;
  chmodSync(parentOfData, 0o711);
  const folder = mkdtempSync(join(root, 'server-'));
  chmodSync(folder, 0o711);
  await placeData(folder);
  const server = await startPostmaster(folder);
  const client = new pg.Client({ ...server.address, database: 'postgres' });
  await client.connect();
  const remove = async () => {
    await client.end();
    await server.stop();
    await removeLinkedData(folder);
    for (const path of [folder, parentOfData]) rmSync(path, { recursive: true });
  };
  return { ...server, client, remove };
}

async function makeTemplate({ client, address }: Server): Promise<void> {
  await client.query('create database template');
  const inside = new pg.Client({ ...address, database: 'template' });
  await inside.connect();
  for (let table = 0; table < 60; table += 1) {
    await inside.query(`create table t${table} (id serial primary key, name text unique)`);
  }
  await inside.end();
}

async function clones(): Promise<void> {
  const servers = { 'in memory': await serverIn(MEMORY), 'on disk': await serverIn(root) };
  for (const server of Object.values(servers)) await makeTemplate(server);
  for (const strategy of ['wal_log', 'file_copy']) {
    const clone = ({ client }: Server) =>
      timed(async () => {
        await client.query(`create database clone template template strategy ${strategy}`);
        await client.query('drop database clone');
      });
    const times = await inTurns({
      'in memory': () => clone(servers['in memory']),
      'on disk': () => clone(servers['on disk']),
    });
    tell(`a clone of 60 tables made and dropped, ${strategy}`, times, 'in memory', 'on disk');
  }
  for (const server of Object.values(servers)) await server.remove();
}

async function images(): Promise<void> {
  const start = (cache: string) => async () => {
    process.env.XDG_CACHE_HOME = cache;
    let server: Server | undefined;
    const time = await timed(async () => {
      server = await serverIn(MEMORY);
    });
    await server?.remove();
    return time;
  };
  const cache = join(root, 'cache');
  await start(cache)();
  const times = await inTurns({
    'with an image': start(cache),
    'with initdb': () => start(mkdtempSync(join(root, 'no-image-')))(),
  });
  tell('a server made and started', times, 'with an image', 'with initdb');
}

const USER = fileURLToPath(new URL('../runtime/databases/fixtures/user.mjs', import.meta.url));
const BUILT = fileURLToPath(
  new URL('../../runtime/dist/pg/embedded/embedded-server.js', import.meta.url),
);

async function starts(): Promise<void> {
  delete process.env.SAVEPOINT_SERVER_DATA;
  const project = mkdtempSync(join(root, 'project-'));
  writeFileSync(join(project, 'package.json'), '{}');
  const state = await stateFolderOf(project);
  const start = async () => {
    const user = fork(USER, [BUILT], {
      cwd: project,
      execArgv: [],
      env: { ...process.env, ASK: 'select 1', SAVEPOINT_SERVER_GRACE: '1' },
    });
    let time = 0;
    user.on('message', (said: { is: string; millis: number }) => {
      if (said.is === 'using') time = said.millis;
    });
    while (time === 0) await once(user, 'message');
    user.disconnect();
    await once(user, 'exit');
    return time;
  };
  const times = await inTurns({
    cold: async () => {
      while (existsSync(state)) await delay(20);
      return start();
    },
    'within grace': start,
  });
  tell('from asking for the server to the first connection', times, 'within grace', 'cold');
  while (existsSync(state)) await delay(20);
}

try {
  await clones();
  await images();
  await starts();
} finally {
  rmSync(root, { recursive: true });
}
