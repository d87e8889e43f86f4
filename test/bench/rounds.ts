/**
 * Rounds of contenders, interleaved: each round visits every contender, beginning one further along
 * than the last, so that what else the machine does falls on all of them alike.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { SCHEMA } from './contender.ts';
import { keepOnFirstCore } from './cores.ts';
import { GROUPS, type GroupName } from './contenders.ts';
import { median } from './statistics.ts';
import type { Command, Reply, Spec } from './worker.ts';

export interface Plan {
  readonly group: GroupName;
  /** Where the contenders connect to. */
  readonly url: string;
  /** The server without anything in between. */
  readonly direct: string;
  readonly rounds: number;
  readonly roundMillis: number;
}

/** The figures of one contender, one for each round, in µs. */
export interface Figures {
  readonly name: string;
  readonly micros: readonly number[];
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A contender in its process, on a database of its own. */
export class Worker {
  readonly name: string;
  readonly database: string;
  readonly #child: ChildProcess;

  private constructor(name: string, database: string, child: ChildProcess) {
    this.name = name;
    this.database = database;
    this.#child = child;
  }

  static async start(spec: Omit<Spec, 'url'>, url: string, direct: string): Promise<Worker> {
    const database = `bench_${String(process.pid)}_${String(++workers)}`;
    await asOwner(direct, 'postgres', (owner) => owner.query(`CREATE DATABASE ${database}`));
    await asOwner(direct, database, (owner) => owner.query(SCHEMA));
    const child = fork(WORKER, [JSON.stringify({ ...spec, url: at(url, database) })], {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await keepOnFirstCore(child.pid);
    return new Worker(spec.name, database, child);
  }

  /** @throws what the contender threw */
  async ask(command: Command): Promise<number> {
    const over = new AbortController();
    const answered = once(this.#child, 'message', over) as Promise<[Reply]>;
    const ended = once(this.#child, 'exit', over).then((): never => {
      throw new Error('its process ended');
    });
    ended.catch(() => undefined);
    this.#child.send(command);
    try {
      const [reply] = await Promise.race([answered, ended]);
      if ('error' in reply) throw new Error(reply.error);
      return reply.value;
    } finally {
      answered.catch(() => undefined);
      over.abort();
    }
  }

  /** Ends the process and drops the database. */
  async stop(direct: string): Promise<void> {
    if (this.#child.connected) {
      const ended = once(this.#child, 'exit');
      this.#child.disconnect();
      await ended;
    }
    const drop = `DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`;
    await asOwner(direct, 'postgres', (owner) => owner.query(drop));
  }
}

let workers = 0;

/** Measures a group. A contender that cannot be set up is reported and left out. */
export async function measure(plan: Plan): Promise<Figures[]> {
  const { group, url, direct, rounds, roundMillis } = plan;
  const started: Worker[] = [];
  try {
    const ready: { worker: Worker; times: number; micros: number[] }[] = [];
    for (const name of Object.keys(GROUPS[group].contenders)) {
      const worker = await Worker.start({ group, name }, url, direct);
      started.push(worker);
      try {
        const micros = await worker.ask({ do: 'setup', warmUpMillis: 4 * roundMillis });
        ready.push({ worker, times: timesOf(group, micros, roundMillis), micros: [] });
      } catch (error) {
        console.log(`left out: ${name}: ${(error as Error).message}`);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (let step = 0; step < ready.length; step++) {
        const { worker, times, micros } = ready[(step + round) % ready.length] ?? noContender();
        await idleCores();
        micros.push(await worker.ask({ do: 'run', times }));
        await checkAndClean(worker, group, direct);
      }
    }
    for (const { worker } of ready) await worker.ask({ do: 'teardown' });
    return ready.map(({ worker, micros }) => ({ name: worker.name, micros }));
  } finally {
    for (const worker of started) await worker.stop(direct);
  }
}

/** The median, over rounds, of this round's figure over the other's. */
export function ratio(figures: Figures, other: Figures): number {
  return median(figures.micros.map((micros, round) => micros / (other.micros[round] ?? NaN)));
}

function timesOf(group: GroupName, micros: number, roundMillis: number): number {
  if (group === 'concurrent') return 200;
  return Math.min(400, Math.max(4, Math.round((roundMillis * 1000) / micros)));
}

/** Untimed: what was isolated left nothing, and dead rows are not the next round's burden. */
async function checkAndClean(worker: Worker, group: GroupName, direct: string): Promise<void> {
  await asOwner(direct, worker.database, async (owner) => {
    const { rows } = await owner.query<{ count: number }>('select count(*)::int from t01');
    if (worker.name === 'savepoint' && rows[0]?.count !== 0)
      throw new Error(`${worker.name} left rows behind in ${group}`);
    await owner.query('VACUUM t01');
  });
}

/** Waits, but not for long, until other work leaves the cores alone. */
async function idleCores(): Promise<void> {
  for (let tries = 0; tries < 8; tries++) {
    const before = ticks();
    await setTimeout(60);
    const after = ticks();
    if ((after.idle - before.idle) / (after.all - before.all) > 0.75) return;
  }
}

function ticks(): { idle: number; all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    all += times.idle + times.user + times.sys + times.nice + times.irq;
  }
  return { idle, all };
}

export async function asOwner<T>(
  server: string,
  database: string,
  work: (owner: pg.Client) => Promise<T>,
): Promise<T> {
  const owner = new pg.Client(at(server, database));
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

function at(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

function noContender(): never {
  throw new Error('no contender');
}
