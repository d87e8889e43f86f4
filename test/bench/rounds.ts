/** A group of contenders on PostgreSQL, measured in turns, each in its process and on a database of its own. */
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { SCHEMA } from './contender.ts';
import { ContenderProcess } from './contender-process.ts';
import { keepOnFirstCore } from './cores.ts';
import { GROUPS, type GroupName } from './contenders.ts';
import { medianRatio } from './statistics.ts';
import { inTurns } from './turns.ts';
import type { Command, Spec } from './worker.ts';

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
  /** What its process, not the server, works for one run: all that is left of a figure when the machine is busy. */
  readonly cpuMicros: readonly number[];
}

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** A contender in its process, on a database of its own. */
export class Worker {
  readonly name: string;
  readonly database: string;
  readonly #process: ContenderProcess<Command>;

  private constructor(name: string, database: string, process: ContenderProcess<Command>) {
    this.name = name;
    this.database = database;
    this.#process = process;
  }

  static async start(spec: Omit<Spec, 'url'>, url: string, direct: string): Promise<Worker> {
    const database = `bench_${String(process.pid)}_${String(++workers)}`;
    await asOwner(direct, 'postgres', (owner) => owner.query(`CREATE DATABASE ${database}`));
    await asOwner(direct, database, (owner) => owner.query(SCHEMA));
    const child = new ContenderProcess<Command>(WORKER, { ...spec, url: at(url, database) });
    await keepOnFirstCore(child.pid);
    return new Worker(spec.name, database, child);
  }

  /** @throws what the contender threw */
  ask(command: Command): Promise<number> {
    return this.#process.ask(command);
  }

  /** Ends the process and drops the database. */
  async stop(direct: string): Promise<void> {
    await this.#process.stop();
    const drop = `DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`;
    await asOwner(direct, 'postgres', (owner) => owner.query(drop));
  }
}

let workers = 0;

/** A contender that is set up. */
interface Ready {
  readonly worker: Worker;
  /** Runs of a round. */
  readonly times: number;
  readonly micros: number[];
  readonly cpuMicros: number[];
}

/** Measures a group. A contender that cannot be set up is reported and left out. */
export async function measure(plan: Plan): Promise<Figures[]> {
  const { group, url, direct, rounds, roundMillis } = plan;
  const started: Worker[] = [];
  try {
    const ready: Ready[] = [];
    for (const name of Object.keys(GROUPS[group].contenders)) {
      const worker = await Worker.start({ group, name }, url, direct);
      started.push(worker);
      try {
        const micros = await worker.ask({ do: 'setup', warmUpMillis: 4 * roundMillis });
        ready.push({
          worker,
          times: timesOf(group, micros, roundMillis),
          micros: [],
          cpuMicros: [],
        });
      } catch (error) {
        console.log(`left out: ${name}: ${(error as Error).message}`);
      }
    }
    for await (const { worker, times, micros, cpuMicros } of inTurns(ready, rounds)) {
      const before = await worker.ask({ do: 'cpu' });
      micros.push(await worker.ask({ do: 'run', times }));
      cpuMicros.push(((await worker.ask({ do: 'cpu' })) - before) / times);
      await checkAndClean(worker, group, direct);
    }
    for (const { worker } of ready) await worker.ask({ do: 'teardown' });
    return ready.map(({ worker, micros, cpuMicros }) => ({ name: worker.name, micros, cpuMicros }));
  } finally {
    for (const worker of started) await worker.stop(direct);
  }
}

/** The median, over rounds, of this round's figure over the other's. */
export function ratio(figures: Figures, other: Figures): number {
  return medianRatio(figures.micros, other.micros);
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
