/**
 * `npm run bench:databases`, its half on PostgreSQL: what starting together, starting again and clones
 * cost, as ratios in one run.
 *   --rounds 7   --clones 25   --groups together,again,cold,clone,ahead   --url … (default: the embedded server)
 * Rounds are interleaved: each visits every contender, beginning one further along than the last.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { postgres } from 'savepoint/pg';
import { withConnection, withDatabase } from '../../runtime/src/pg/connect.ts';
import { DatabaseNames } from '../../runtime/src/pg/database-names.ts';
import { stateFolderOf } from '../../runtime/src/pg/embedded/state-folder.ts';
import { prune } from '../../runtime/src/pg/prune.ts';
import { runInTest } from '../bench/bare-test.ts';
import { median, medianRatio } from '../bench/statistics.ts';
import { connectionStringTo } from '../support/database.ts';
import { MIGRATIONS } from './pg-schema.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    clones: { type: 'string', default: '25' },
    groups: { type: 'string', default: 'together,again,cold,clone,ahead' },
    url: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const PROCESS = fileURLToPath(new URL('pg-process.mjs', import.meta.url));
const folder = realpathSync(mkdtempSync(join(os.tmpdir(), 'savepoint-bench-')));
const server = options.url ?? (await connectionStringTo('postgres'));

/** A role of this bench's own, so that all it made is pruned in the end. */
const role = `bench_${randomBytes(4).toString('hex')}`;
const password = randomBytes(12).toString('hex');
const ownServer = Object.assign(new URL(withDatabase(server, 'postgres')), {
  username: role,
  password,
}).href;

// ---- figures

type Figures = Record<string, number[]>;

/** Runs every way once a round, and keeps what each answers: milliseconds. */
async function inTurns(
  ways: Readonly<Record<string, () => Promise<number>>>,
  times = rounds,
): Promise<Figures> {
  const names = Object.keys(ways);
  const figures: Figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < times; round++) {
    for (let step = 0; step < names.length; step++) {
      const name = names[(step + round) % names.length] ?? '';
      figures[name]?.push((await ways[name]?.()) ?? NaN);
    }
  }
  return figures;
}

function report(title: string, figures: Figures, judged?: Judged): void {
  console.log(`\n### ${title}\n\n| | median ms | ratio |\n|---|--:|--:|`);
  const [first] = Object.keys(figures);
  for (const [name, millis] of Object.entries(figures))
    console.log(
      `| ${name} | ${median(millis).toFixed(1)} | ${ratio(figures, name, first ?? '').toFixed(2)} |`,
    );
  if (!judged) return;
  const is = ratio(figures, judged.ours, judged.over);
  console.log(
    `\n${judged.ours} over ${judged.over}: ${is.toFixed(2)}, target ${String(judged.most)}: ${is <= judged.most ? 'met' : 'MISSED'}`,
  );
}

interface Judged {
  readonly ours: string;
  readonly over: string;
  readonly most: number;
}

function ratio(figures: Figures, ours: string, over: string): number {
  return medianRatio(figures[ours] ?? [], figures[over] ?? []);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

// ---- processes

const log = join(folder, 'migrations.log');

interface Started {
  /** Settles when it has loaded all that it needs. */
  readonly loaded: Promise<unknown>;
  readonly go: () => void;
  /** How long its first question took, in milliseconds. */
  readonly answered: Promise<number>;
  readonly ended: Promise<unknown>;
}

function startProcess(
  fingerprint: string,
  connectionString: string | undefined,
  { cwd = folder, waits = false } = {},
): Started {
  const child = fork(PROCESS, {
    cwd,
    env: {
      ...process.env,
      NODE_TEST_CONTEXT: undefined,
      CONNECTION_STRING: connectionString,
      FINGERPRINT: fingerprint,
      LOG: log,
      MIGRATIONS: JSON.stringify(MIGRATIONS),
      WAITS: waits ? 'yes' : '',
    },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const says = (isWanted: (said: unknown) => boolean) =>
    new Promise<unknown>((resolve) => {
      child.on('message', (said) => {
        if (isWanted(said)) resolve(said);
      });
    });
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`a test process failed (${String(code)})`);
  });
  return {
    loaded: says((said) => said === 'loaded'),
    go: () => child.send('go'),
    answered: says((said) => typeof said === 'number') as Promise<number>,
    ended,
  };
}

async function runProcess(
  fingerprint: string,
  connectionString: string | undefined,
  cwd = folder,
): Promise<number> {
  const { answered, ended } = startProcess(fingerprint, connectionString, { cwd });
  await ended;
  return answered;
}

function timesMigrated(): number {
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
}

const PROCESSES = 8;

async function together(): Promise<void> {
  let most = 0;
  const atOnce = async (processes: number, fingerprint: string) => {
    const before = timesMigrated();
    const started = Array.from({ length: processes }, () =>
      startProcess(fingerprint, ownServer, { waits: true }),
    );
    await Promise.all(started.map(({ loaded }) => loaded));
    const millis = await timed(() => {
      for (const { go } of started) go();
      return Promise.all(started.map(({ answered }) => answered));
    });
    await Promise.all(started.map(({ ended }) => ended));
    most = Math.max(most, timesMigrated() - before);
    return millis;
  };
  const cold = async (processes: number) => {
    const millis = await atOnce(processes, randomBytes(8).toString('hex'));
    await prune(ownServer, { all: true });
    return millis;
  };
  const many = `${String(PROCESSES)} processes`;
  const figures = await inTurns({ 'one process': () => cold(1), [many]: () => cold(PROCESSES) });
  report(
    `${String(MIGRATIONS.length)} migrations on a cold template; processes that are loaded, from asking to the last one's first answer`,
    figures,
    { ours: many, over: 'one process', most: 1.2 },
  );
  console.log(`times the migrations ran in such a start, at most: ${String(most)}, target 1`);
}

async function again(): Promise<void> {
  let fingerprint = '';
  const figures: Figures = { 'the first run': [], 'the second run': [] };
  for (let round = 0; round < rounds; round++) {
    fingerprint = randomBytes(8).toString('hex');
    figures['the first run']?.push(await runProcess(fingerprint, ownServer));
    figures['the second run']?.push(await runProcess(fingerprint, ownServer));
    await prune(ownServer, { all: true });
  }
  report('on a running server; from asking for the database to the first answer', figures, {
    ours: 'the second run',
    over: 'the first run',
    most: 0.1,
  });
}

async function cold(): Promise<void> {
  const figures: Figures = { 'the first run': [], 'the second run': [] };
  for (let round = 0; round < rounds; round++) {
    const project = realpathSync(mkdtempSync(join(folder, 'project-')));
    writeFileSync(join(project, 'package.json'), '{}');
    const fingerprint = randomBytes(8).toString('hex');
    figures['the first run']?.push(await runProcess(fingerprint, undefined, project));
    figures['the second run']?.push(await runProcess(fingerprint, undefined, project));
    const state = await stateFolderOf(project);
    while (existsSync(state)) await delay(50);
  }
  report('without a server at first; from asking for the database to the first answer', figures, {
    ours: 'the second run',
    over: 'the first run',
    most: 0.1,
  });
}

// ---- clones

const TEMPLATE = `${role}_template`;

async function makeTemplate(): Promise<void> {
  await withConnection(ownServer, (client) => client.query(`create database ${TEMPLATE}`));
  await withConnection(withDatabase(ownServer, TEMPLATE), async (client) => {
    for (const sql of MIGRATIONS) await client.query(sql);
  });
}

async function ask(pool: pg.Pool): Promise<void> {
  await pool.query('select count(*) from t1');
}

/** By hand: a database from the template, a pool on it, and both gone at the end. */
async function byHand(admin: pg.Client, body: (pool: pg.Pool) => Promise<void>): Promise<Waited> {
  const name = `${role}_copy`;
  const create = await timed(() => admin.query(`create database ${name} template ${TEMPLATE}`));
  const pool = new pg.Pool({ connectionString: withDatabase(ownServer, name) });
  await body(pool);
  await pool.end();
  const drop = await timed(() => admin.query(`drop database ${name}`));
  return { create, drop };
}

interface Waited {
  readonly create: number;
  readonly drop: number;
}

function declare() {
  return postgres({
    connectionString: ownServer,
    migrate: {
      fingerprint: 'bench',
      migrate: async (client) => {
        for (const sql of MIGRATIONS) await client.query(sql);
      },
    },
  });
}

async function clone(): Promise<void> {
  const db = declare();
  await makeTemplate();
  await withConnection(ownServer, async (admin) => {
    const ours = () => timed(() => runInTest(async (t) => ask(await db.clone(t))));
    await ours();
    const figures = await inTurns(
      {
        'CREATE DATABASE … TEMPLATE and DROP': () => timed(() => byHand(admin, ask)),
        'db.clone(t)': ours,
      },
      Number(options.clones),
    );
    report('a test of one question on a database of its own, from beginning to end', figures, {
      ours: 'db.clone(t)',
      over: 'CREATE DATABASE … TEMPLATE and DROP',
      most: 1.1,
    });
  });
}

/** How long tests wait for their databases that take as long themselves as it takes to make one. */
async function ahead(): Promise<void> {
  const db = declare();
  await withConnection(ownServer, async (admin) => {
    const made: number[] = [];
    for (let count = 0; count < 5; count++) made.push((await byHand(admin, ask)).create);
    const bodyMillis = median(made);
    const body = async (pool: pg.Pool) => {
      await ask(pool);
      await delay(bodyMillis);
      await ask(pool);
    };
    const figures: Figures = { 'CREATE DATABASE … TEMPLATE and DROP': [], 'db.clone(t)': [] };
    for (let count = 0; count < Number(options.clones); count++) {
      const { create, drop } = await byHand(admin, body);
      figures['CREATE DATABASE … TEMPLATE and DROP']?.push(create + drop);
    }
    for (let count = 0; count < Number(options.clones); count++) {
      let opening = NaN;
      let closing = NaN;
      const all = await timed(() =>
        runInTest(async (t) => {
          let pool!: pg.Pool;
          opening = await timed(async () => {
            pool = await db.clone(t);
          });
          const began = performance.now();
          await body(pool);
          closing = performance.now() - began;
        }),
      );
      figures['db.clone(t)']?.push(opening + Math.max(0, all - opening - closing));
    }
    report(
      `tests of ${bodyMillis.toFixed(0)} ms one after another: what each waits for its database, before and after`,
      figures,
      { ours: 'db.clone(t)', over: 'CREATE DATABASE … TEMPLATE and DROP', most: 0.2 },
    );
  });
}

// ---- the run

const GROUPS: Record<string, () => Promise<void>> = { together, again, cold, clone, ahead };

const [load = 0] = os.loadavg();
await withConnection(withDatabase(server, 'postgres'), async (admin) => {
  await admin.query(`create role ${role} login createdb password '${password}'`);
  const { rows } = await admin.query<{ version: string; fsync: string }>(
    "select current_setting('server_version') as version, current_setting('fsync') as fsync",
  );
  console.log(
    `Node ${process.version}, PostgreSQL ${String(rows[0]?.version)}, fsync ${String(rows[0]?.fsync)}, ` +
      `${String(os.availableParallelism())} cores, load ${load.toFixed(2)}`,
  );
});
try {
  for (const name of options.groups.split(',')) {
    const group = GROUPS[name];
    if (!group) throw new TypeError(`no group ${name}`);
    await group();
  }
} finally {
  await cleanUp();
}
process.exit();

async function cleanUp(): Promise<void> {
  const { prefix } = new DatabaseNames('postgres', role);
  await withConnection(withDatabase(server, 'postgres'), async (admin) => {
    // What this process still makes ahead ends, too.
    await admin.query(`alter role ${role} nologin`);
    await admin.query(
      'select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1',
      [role],
    );
    const { rows } = await admin.query<{ name: string }>(
      'select datname as name from pg_database where starts_with(datname, $1) or starts_with(datname, $2)',
      [prefix, role],
    );
    for (const { name } of rows) await admin.query(`drop database ${name} with (force)`);
    await admin.query(`drop role ${role}`);
  });
  rmSync(folder, { recursive: true, force: true });
}
