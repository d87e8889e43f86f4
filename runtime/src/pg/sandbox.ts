/**
 * The rollback sandbox of one test: a pool for the app over one real connection, in a transaction
 * that is never committed. Knows how it begins and how it ends; the translation is the session's.
 */
import type pg from 'pg';
import { HazardError } from '../hazard-error.ts';
import { throwAll } from '../throw-all.ts';
import type { Trace } from '../trace.ts';
import type { LogicalHome } from './logical-client.ts';
import { LogicalPool } from './logical-pool.ts';
import { concurrentTests, unfinished } from './refusals.ts';
import { Session, type Connections } from './session.ts';
import { within } from './within.ts';

export type { Connections } from './session.ts';

/** Whose sandbox it is: a test by its full name, or whoever else, as messages call him. */
type SandboxOwner = { readonly name: string } | { readonly owner: string };

export type SandboxOptions = SandboxOwner &
  Connections & {
    readonly opened: Trace;
    /** Options of the app's pool (`max`, `types`, `query_timeout`, …). */
    readonly pool?: pg.PoolConfig;
  };

/** An open sandbox. */
export interface Sandbox {
  /** What the app uses. Opens nothing until it is asked something. */
  readonly pool: pg.Pool;
  /** Whether anything was sent to the server. */
  readonly begun: boolean;
  /**
   * Opens a sandbox inside this one: it sees what this one did, and is rolled back alone.
   * @throws SetupError `ERR_SAVEPOINT_CONCURRENT_TESTS` while another one is open in it
   */
  nest(options: { readonly name: string; readonly opened: Trace }): Sandbox;
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
  const { opened, checkout, giveBack, pool = {} } = options;
  const owner = 'owner' in options ? options.owner : testNamed(options.name);
  const session = new Session(owner, opened, { checkout, giveBack });
  return new Level(session, owner, opened, pool);
}

/** How long what a test left running may take when its sandbox closes. */
const GRACE_MILLIS = 2_000;

class Level implements Sandbox, LogicalHome {
  readonly session: Session;
  readonly pool: LogicalPool;
  readonly #owner: string;
  readonly #opened: Trace;
  readonly #options: pg.PoolConfig;
  /** The savepoint of a level inside another; the outermost is the transaction itself. */
  readonly #savepoint: string | undefined;
  readonly #depth: number;
  #inner: Level | undefined;
  #closing: Promise<void> | undefined;
  #refused = false;

  constructor(session: Session, owner: string, opened: Trace, options: pg.PoolConfig, depth = 0) {
    const savepoint = depth === 0 ? undefined : `level_${String(depth)}`;
    this.session = session;
    this.#owner = owner;
    this.#opened = opened;
    this.#options = options;
    this.#savepoint = savepoint;
    this.#depth = depth;
    if (savepoint !== undefined) session.openLevel(savepoint);
    this.pool = new LogicalPool(this, options);
  }

  get begun(): boolean {
    return this.session.begun;
  }

  nest({ name, opened }: { readonly name: string; readonly opened: Trace }): Sandbox {
    if (this.#inner && !this.#inner.#closing)
      throw concurrentTests(this.#inner.#owner, testNamed(name));
    this.#inner = new Level(this.session, testNamed(name), opened, this.#options, this.#depth + 1);
    return this.#inner;
  }

  refusal(asked: () => Trace): Error | undefined {
    if (!this.#closing) return undefined;
    const error = new HazardError('no-late-activity', {
      values: { test: this.#owner, noun: 'pool' },
      acquired: this.#opened,
      used: asked(),
    });
    // Its test is over and cannot fail any more, and what works late often swallows its errors.
    if (!this.#refused) process.emitWarning(error);
    this.#refused = true;
    return error;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const errors: unknown[] = [];
    await this.#inner?.close().catch((error: unknown) => errors.push(error));
    const inTime = await within(GRACE_MILLIS, this.pool.queried());
    this.pool.refuseWaiting((asked) =>
      unfinished({ owner: this.#owner, opened: this.#opened }, asked),
    );
    try {
      await this.#rollBack(inTime ? GRACE_MILLIS : 0);
    } catch (error) {
      errors.push(error);
    }
    errors.push(...this.pool.checkedOut.map((taken) => this.#leak(taken)));
    errors.push(...this.pool.dirtyReleases);
    if (!this.pool.ending) void this.pool.end();
    throwAll(errors);
  }

  #rollBack(graceMillis: number): Promise<void> {
    return this.#savepoint === undefined
      ? this.session.close(graceMillis)
      : this.session.closeLevel(this.#savepoint, this.pool.clients, graceMillis);
  }

  #leak(taken: Trace): HazardError {
    return new HazardError('require-client-release', {
      values: { test: this.#owner },
      acquired: taken,
      expected: `before ${this.#owner} ends`,
    });
  }
}

function testNamed(name: string): string {
  return `test "${name}"`;
}
