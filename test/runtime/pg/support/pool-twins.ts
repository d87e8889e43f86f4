/**
 * One program over a pool of real connections and over the pool of a sandbox: what it sees must be
 * the same, down to the order of events and the counts at each of them.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import pg from 'pg';
import { openedFor } from './sandbox.ts';

/** What a program saw; errors and clients in it are compared by what can be said of them. */
export type Program = (pool: pg.Pool, log: Log) => Promise<unknown>;

export interface Scenario {
  readonly options?: pg.PoolConfig;
  readonly program: Program;
}

/** A program that has not ended by then waits for what never comes. */
const DEADLINE_MILLIS = 20_000;

/** Runs each program on both pools. */
export function agree(scenarios: Readonly<Record<string, Program | Scenario>>): void {
  for (const [title, scenario] of Object.entries(scenarios)) {
    const { options = {}, program } =
      typeof scenario === 'function' ? { program: scenario } : scenario;
    test(title, { timeout: DEADLINE_MILLIS }, async (t) => {
      const pools = await poolsFor(t, options);
      const expected = await observe(pools.real, program);
      assert.deepEqual(await observe(pools.sandboxed, program), expected);
      assert.notDeepEqual(expected, { answer: undefined, events: [] }, 'nothing was compared');
    });
  }
}

async function poolsFor(
  t: TestContext,
  options: pg.PoolConfig,
): Promise<{ real: pg.Pool; sandboxed: pg.Pool }> {
  const { pool: sandboxed, connections } = await openedFor(t, { pool: options });
  const real = new pg.Pool({ ...connections.options, ...options });
  t.after(() => (real.ending ? undefined : real.end()));
  return { real, sandboxed };
}

async function observe(pool: pg.Pool, program: Program): Promise<unknown> {
  const log = new Log(pool);
  const answer = await program(pool, log);
  return { answer: log.plain(answer), events: log.events };
}

const POOL_EVENTS = ['connect', 'acquire', 'release', 'remove', 'error'] as const;
/**
 * Not `error`, whose listener would keep errors from ending the process where nobody else listens,
 * nor `drain`: whether one comes between an error and the next statement is up to the network.
 */
const CLIENT_EVENTS = ['connect', 'end', 'notice'] as const;

/** Everything a pool and its clients emit, with what their listeners are given and the counts then. */
export class Log {
  readonly events: unknown[] = [];
  readonly #pool: pg.Pool;
  readonly #clients: unknown[] = [];

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    for (const event of POOL_EVENTS) {
      pool.on(event as 'connect', (...args: unknown[]) => {
        if (event === 'connect') this.#follow(args[0] as pg.PoolClient);
        this.#note(`pool ${event}`, args);
      });
    }
  }

  /** Notes a moment of the program between the events. */
  say(what: string, ...details: unknown[]): void {
    this.#note(what, details);
  }

  get counts(): string {
    const { totalCount, idleCount, waitingCount, expiredCount } = this.#pool;
    return `${totalCount} total, ${idleCount} idle, ${waitingCount} waiting, ${expiredCount} expired`;
  }

  /** A value as it can be compared between two worlds. */
  plain(value: unknown): unknown {
    if (value instanceof pg.Client) return this.#nameOf(value);
    if (value instanceof Error) return this.#plainError(value);
    if (Array.isArray(value)) return value.map((item) => this.plain(item));
    if (value instanceof pg.Result) return plainResult(value);
    if (isNotice(value)) return plainNotice(value);
    return value;
  }

  #follow(client: pg.PoolClient): void {
    const name = this.#nameOf(client);
    for (const event of CLIENT_EVENTS) {
      client.on(event as 'end', (...args: unknown[]) => {
        this.#note(`${name} ${event}`, args);
      });
    }
  }

  #note(what: string, details: readonly unknown[]): void {
    this.events.push([what, ...details.map((detail) => this.plain(detail)), this.counts]);
  }

  #nameOf(client: unknown): string {
    if (!this.#clients.includes(client)) this.#clients.push(client);
    return `client ${String(this.#clients.indexOf(client) + 1)}`;
  }

  #plainError(error: Error): unknown {
    // The sandbox adds the cause; the number of a temporary schema is the session's, and has a length.
    const {
      client: _client,
      cause: _cause,
      length: _length,
      schema,
      ...fields
    } = error as Error & Record<string, unknown>;
    return {
      ...fields,
      schema: typeof schema === 'string' ? schema.replace(/\d+$/, '') : schema,
      kind: error.constructor.name,
      message: error.message,
    };
  }
}

function plainResult({ command, rowCount, oid, rows, fields }: pg.Result): unknown {
  const described = fields.map(({ name, dataTypeID, format }) => ({ name, dataTypeID, format }));
  return { command, rowCount, oid, rows, fields: described };
}

interface Notice {
  readonly name: 'notice';
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

function isNotice(value: unknown): value is Notice {
  return (Object(value) as { name?: unknown }).name === 'notice';
}

/** Where in its sources the server gave a notice is not told by the sandbox's own. */
function plainNotice({ severity, code, message, detail, hint }: Notice): unknown {
  return { severity, code, message, detail, hint };
}

/** What a promise comes to. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

/** The arguments that a callback is given. */
export function called(
  call: (callback: (...args: unknown[]) => void) => unknown,
): Promise<unknown[]> {
  return new Promise((resolve) => {
    call((...args) => {
      resolve(args);
    });
  });
}
