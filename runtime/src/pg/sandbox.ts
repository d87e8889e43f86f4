/**
 * The rollback sandbox of one test: a pool for the app over one real connection, in a transaction
 * that is never committed. Knows how it begins and how it ends; the translation is the session's.
 */
import type pg from 'pg';
import { sayTest } from '../test-family.ts';
import { throwAll } from '../throw-all.ts';
import type { Trace } from '../trace.ts';
import type { LogicalHome } from './logical-client.ts';
import { LogicalPool } from './logical-pool.ts';
import { unfinished } from './refusals.ts';
import { Session, type Connections } from './session.ts';
import { LateRefusals, notReleased } from './test-end.ts';
import { within } from './within.ts';

export type { Connections } from './session.ts';

/** Whose sandbox it is: a test by its full name, or whoever else, as messages call him. */
type SandboxOwner = { readonly name: string } | { readonly owner: string };

export type SandboxOptions = SandboxOwner &
  Connections & {
    readonly opened: Trace;
    /** Options of the app's pool (`max`, `types`, `query_timeout`, …). */
    readonly pool?: pg.PoolConfig;
    /** Whether a time-out ended the test; asked when something is refused afterwards. */
    readonly timedOut?: (() => boolean) | undefined;
  };

/** A sandbox inside another one. */
export type InnerSandboxOptions = SandboxOwner & Pick<SandboxOptions, 'opened' | 'timedOut'>;

/** An open sandbox. */
export interface Sandbox {
  /** What the app uses. Opens nothing until it is asked something. */
  readonly pool: pg.Pool;
  /** Whether anything was sent to the server. */
  readonly begun: boolean;
  /** Whether a client of it is out, or anything was written. */
  isNeeded(): Promise<boolean>;
  /** Another pool in the same sandbox: what one does, the other sees. */
  poolLike(options: pg.PoolConfig): pg.Pool;
  /**
   * Opens a sandbox inside this one: it sees what this one did, and is rolled back alone. One at a
   * time: until it is closed, all that is asked is a part of it.
   */
  nest(options: InnerSandboxOptions): Sandbox;
  /**
   * Rolls back, gives the connection back and refuses everything from then on. Never waits for long.
   * @throws HazardError `require-client-release` when clients are still out, `no-nested-begin` when a
   *   statement ended the transaction, `no-late-activity` when a statement does not end;
   *   an Error with the server's reason when the connection was lost; an `AggregateError` of several
   */
  close(): Promise<void>;
}

/** Opens the sandbox of a test. Connects at the first question. */
export function openSandbox(options: SandboxOptions): Sandbox {
  const { opened, timedOut, pool = NO_OPTIONS } = options;
  const owner = ownerOf(options);
  const session = new Session(owner, opened, options);
  return new Level(session, { owner, opened, timedOut }, pool);
}

/** Whose level it is. */
interface LevelOwner {
  readonly owner: string;
  readonly opened: Trace;
  readonly timedOut: (() => boolean) | undefined;
}

/** A transaction has a number from its first write on, and holds the lock that stands for it. */
const WRITTEN = `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks
  WHERE pid = pg_catalog.pg_backend_pid() AND locktype = 'transactionid') AS written`;

/** One object for all, by which what they have in common is remembered. */
const NO_OPTIONS: pg.PoolConfig = {};

/** How long what a test left running may take when its sandbox closes. */
const GRACE_MILLIS = 2_000;

class Level implements Sandbox, LogicalHome {
  readonly session: Session;
  readonly #of: LevelOwner;
  readonly #pools: LogicalPool[] = [];
  #pool: pg.Pool | undefined;
  readonly #options: pg.PoolConfig;
  /** The savepoint of a level inside another; the outermost is the transaction itself. */
  readonly #savepoint: string | undefined;
  readonly #depth: number;
  #inner: Level | undefined;
  #closing: Promise<void> | undefined;
  #late: LateRefusals | undefined;

  constructor(session: Session, of: LevelOwner, options: pg.PoolConfig, depth = 0) {
    const savepoint = depth === 0 ? undefined : `level_${String(depth)}`;
    this.session = session;
    this.#of = of;
    this.#options = options;
    this.#savepoint = savepoint;
    this.#depth = depth;
    if (savepoint !== undefined) session.openLevel(savepoint);
  }

  get pool(): pg.Pool {
    return (this.#pool ??= this.poolLike(this.#options));
  }

  get begun(): boolean {
    return this.session.begun;
  }

  poolLike(options: pg.PoolConfig): pg.Pool {
    const pool = new LogicalPool(this, options);
    this.#pools.push(pool);
    return pool;
  }

  async isNeeded(): Promise<boolean> {
    if (this.#pools.some((pool) => pool.checkedOut.length > 0 || !pool.isQuiet)) return true;
    if (!this.begun) return false;
    const { rows } = await this.pool.query<{ written: boolean }>(WRITTEN);
    return rows[0]?.written === true;
  }

  nest(options: InnerSandboxOptions): Sandbox {
    const { opened, timedOut } = options;
    const of = { owner: ownerOf(options), opened, timedOut };
    return (this.#inner = new Level(this.session, of, this.#options, this.#depth + 1));
  }

  refusal(asked: () => Trace): Error | undefined {
    if (!this.#closing) return undefined;
    this.#late ??= new LateRefusals(this.#of);
    return this.#late.refuse(asked(), this.#of.timedOut?.() === true);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const errors: unknown[] = [];
    if (this.#inner) await this.#inner.close().catch((error: unknown) => errors.push(error));
    const inTime = this.#pools.every((pool) => pool.isQuiet) || (await this.#queriedInTime());
    for (const pool of this.#pools) pool.refuseWaiting((asked) => unfinished(this.#of, asked));
    try {
      const rolledBack = this.#rollBack(inTime ? GRACE_MILLIS : 0);
      if (rolledBack) await rolledBack;
    } catch (error) {
      errors.push(error);
    }
    for (const pool of this.#pools) {
      errors.push(...pool.checkedOut.map((taken) => notReleased(this.#of, taken)));
      errors.push(...pool.dirtyReleases);
      pool.endWithSandbox();
    }
    throwAll(errors);
  }

  #queriedInTime(): Promise<boolean> {
    const queried = Promise.all(this.#pools.map((pool) => pool.queried()));
    return within(
      this.session.graceLeft(GRACE_MILLIS),
      queried.then(() => undefined),
    );
  }

  #rollBack(graceMillis: number): Promise<void> | undefined {
    const clients = this.#pools.flatMap((pool) => [...pool.clients]);
    return this.#savepoint === undefined
      ? this.session.close(graceMillis)
      : this.session.closeLevel(this.#savepoint, clients, graceMillis);
  }
}

function ownerOf(owner: SandboxOwner): string {
  return 'owner' in owner ? owner.owner : sayTest(owner.name);
}
