/**
 * The same program on a database for real and in a sandbox over another one, step by step: what the
 * app sees must be the same, and nobody else may see anything of the second.
 */
import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { RealConnection } from '../../runtime/src/pg/real-connection.ts';
import { openSandbox } from '../../runtime/src/pg/sandbox.ts';
import { captureTrace } from '../../runtime/src/trace.ts';
import { administer, connectionStringTo } from '../support/database.ts';
import type { Program, Step } from './program.ts';
import {
  BUILD,
  EMPTY,
  FINGERPRINT,
  REBUILD,
  RESET_SESSION,
  RESTART_SEQUENCES,
  ROWS,
} from './schema.ts';
import { Twin, type Performed } from './twin.ts';

/** How a comparison ended that found no difference. */
export type Verdict =
  | { readonly is: 'agreed' }
  /** The sandbox refused a step by name; everything before it agreed. */
  | { readonly is: 'refused'; readonly code: string }
  /** A client waited for another's lock for real, which a sandbox cannot show; or the driver hung. */
  | { readonly is: 'discarded' };

const AGREED: Verdict = { is: 'agreed' };

/** A wait for another client of the same program would never end. */
const LOCK_TIMEOUT_MILLIS = 250;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';
/** A step that is not answered for real by then never will be: the program is left out. */
const ANSWER_MILLIS = 4_000;
/** The same of the sandbox is a difference, for which a machine under load must not be taken. */
const SANDBOX_ANSWER_MILLIS = 30_000;

/** How often a lock is seen that is really left. */
const LOOKS = 10;

/** What is asked at the end of every program by a client of neither. */
const LAST_LOOK: Step = { on: 'pool', sql: ROWS };

interface Pools {
  readonly real: pg.Pool;
  /** Where the sandbox gets its connection. */
  readonly connections: pg.Pool;
  readonly witness: pg.Pool;
}

export class Twins {
  readonly #databases: readonly [real: string, sandboxed: string];
  readonly #urls: readonly [real: string, sandboxed: string];
  #pools: Pools;
  #runs = 0;
  #untouched: object | undefined;

  private constructor(databases: readonly [string, string], urls: readonly [string, string]) {
    this.#databases = databases;
    this.#urls = urls;
    this.#pools = poolsOf(urls);
  }

  /** Makes two databases. They are dropped by `end`. */
  static async open(): Promise<Twins> {
    const id = randomBytes(6).toString('hex');
    const databases = [`savepoint_real_${id}`, `savepoint_sandboxed_${id}`] as const;
    for (const database of databases) await administer(`CREATE DATABASE ${database}`);
    const [real = '', sandboxed = ''] = await Promise.all(databases.map(connectionStringTo));
    const twins = new Twins(databases, [real, sandboxed]);
    await twins.#begin(BUILD);
    return twins;
  }

  async end(): Promise<void> {
    await Promise.all(Object.values<pg.Pool>(this.#pools as never).map((pool) => pool.end()));
    for (const database of this.#databases)
      await administer(`DROP DATABASE ${database} WITH (FORCE)`);
  }

  /** Runs a program on both. @throws AssertionError at the first step that differs */
  async compare(program: Program): Promise<Verdict> {
    try {
      // A program begins in no transaction; code that runs after one's BEGIN is inside it.
      const context = new AsyncResource('program');
      const verdict = await context.runInAsyncScope(() => this.#compare(program));
      await this.#restore(program);
      const left = await this.#fingerprint();
      assert.deepEqual(left, this.#untouched, 'the sandbox left something behind');
      return verdict;
    } catch (error) {
      await this.#renew();
      // A cursor whose statement fails only at its end is never answered by the driver itself.
      if (error instanceof HungForReal) return { is: 'discarded' };
      throw error;
    }
  }

  async #compare(program: Program): Promise<Verdict> {
    await this.#pools.witness.query(RESTART_SEQUENCES);
    const { connections } = this.#pools;
    const sandbox = openSandbox({
      name: 'twins',
      opened: captureTrace(),
      checkout: () => connections.connect(),
      giveBack: (client, error) => {
        client.release(error);
      },
      pool: connections.options,
    });
    try {
      const verdict = await this.#compareOn(this.#pools.real, sandbox.pool, program);
      await sandbox.close();
      return verdict;
    } catch (error) {
      await sandbox.close().catch(() => undefined);
      throw error;
    }
  }

  async #compareOn(real: pg.Pool, sandboxed: pg.Pool, program: Program): Promise<Verdict> {
    const run = this.#runs++;
    const twins = [await Twin.open(real, run), await Twin.open(sandboxed, run)] as const;
    const verdict = await compareSteps(...twins, program);
    for (const twin of twins) await twin.close();
    return verdict;
  }

  /** Makes the real database what it was. */
  async #restore(program: Program): Promise<void> {
    await withAllClients(this.#pools.real, (client) => client.query(RESET_SESSION));
    await this.#pools.real.query(program.some(changesSchema) ? REBUILD : EMPTY);
  }

  async #fingerprint(): Promise<object> {
    // A session that ended may still owe its ROLLBACK.
    await withAllClients(this.#pools.connections, (client) =>
      RealConnection.of(client).exchange([]),
    );
    // Locks and the states of sessions are read one after the other: a lock that is left is seen again.
    for (let look = 1; ; look++) {
      const seen = await this.#look();
      if (seen.locks === '0' || look === LOOKS) return seen;
    }
  }

  async #look(): Promise<{ readonly locks?: string }> {
    const { rows } = await this.#pools.witness.query<{ locks: string }>(FINGERPRINT);
    return rows[0] ?? {};
  }

  /** After a difference nothing is trusted any more: not the connections, not what they left. */
  async #renew(): Promise<void> {
    const names = this.#databases.map((name) => pg.escapeLiteral(name)).join();
    await administer(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN (${names})`,
    );
    this.#pools = poolsOf(this.#urls);
    await this.#begin(REBUILD);
  }

  async #begin(sql: string): Promise<void> {
    await this.#pools.real.query(sql);
    await this.#pools.witness.query(sql);
    this.#untouched = await this.#fingerprint();
  }
}

function poolsOf([real, sandboxed]: readonly [string, string]): Pools {
  const options = { max: 5, lock_timeout: LOCK_TIMEOUT_MILLIS, idleTimeoutMillis: 0 };
  const pools = {
    real: new pg.Pool({ ...options, connectionString: real }),
    connections: new pg.Pool({ ...options, connectionString: sandboxed }),
    witness: new pg.Pool({ ...options, connectionString: sandboxed, max: 1 }),
  };
  for (const pool of Object.values(pools)) {
    pool.on('error', () => undefined);
    pool.on('connect', (client) => client.on('error', () => undefined));
  }
  return pools;
}

/** Does something with every connection of a pool that nobody uses. */
async function withAllClients(
  pool: pg.Pool,
  act: (client: pg.PoolClient) => Promise<unknown>,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  await Promise.all(clients.map(act));
  for (const client of clients) client.release();
}

async function compareSteps(real: Twin, sandbox: Twin, program: Program): Promise<Verdict> {
  for (const [index, step] of program.entries()) {
    if (!canSpeak(real, step)) continue;
    const verdict = await compareStep(real, sandbox, step, `step ${String(index + 1)}`);
    if (verdict) return verdict;
  }
  const { busy } = real;
  const end: Step[] = busy ? [{ on: busy, sql: 'ROLLBACK' }, LAST_LOOK] : [LAST_LOOK];
  for (const step of end) {
    const verdict = await compareStep(real, sandbox, step, 'at the end');
    if (verdict) return verdict;
  }
  return AGREED;
}

async function compareStep(
  real: Twin,
  sandbox: Twin,
  step: Step,
  place: string,
): Promise<Verdict | undefined> {
  const [expected, actual] = await Promise.all([
    inTime(ANSWER_MILLIS, real.perform(step), new HungForReal()),
    inTime(
      SANDBOX_ANSWER_MILLIS,
      sandbox.perform(step),
      new assert.AssertionError({ message: `${place}: no answer` }),
    ),
  ]);
  const refusal = refusalOf(actual);
  if (refusal !== undefined) return { is: 'refused', code: refusal };
  if (isLockWait(expected)) return { is: 'discarded' };
  const said = `${place}, ${JSON.stringify(step)}: the sandbox differs`;
  assert.deepEqual({ [said]: actual.seen }, { [said]: expected.seen });
  return undefined;
}

class HungForReal extends Error {}

async function inTime<T>(millis: number, answer: Promise<T>, otherwise: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(otherwise);
    }, millis);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** While one is in a transaction, a sandbox serves nobody else; and a client goes back as it came. */
function canSpeak({ busy }: Twin, step: Step): boolean {
  return busy === undefined || (step.on === busy && !('exchange' in step));
}

/** The name under which a sandbox refused. */
function refusalOf({ error }: Performed): string | undefined {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  const isNamed =
    name === 'HazardError' || (typeof code === 'string' && code.startsWith('ERR_SAVEPOINT_'));
  return isNamed ? String(code) : undefined;
}

function isLockWait({ error }: Performed): boolean {
  const { code } = Object(error) as { code?: unknown };
  return code === LOCK_NOT_AVAILABLE || code === DEADLOCK_DETECTED;
}

function changesSchema(step: Step): boolean {
  const said = Object.values(step).filter((value) => typeof value === 'string');
  return said.some((text) => /\b(create|alter|drop|truncate|comment|grant|revoke)\b/i.test(text));
}
