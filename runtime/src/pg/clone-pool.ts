/**
 * The pool that a test gets on its clone: pg's own, which knows where its clients were taken and says
 * so when they are not given back. Everything it is asked goes to the server as it is.
 */
import pg from 'pg';
import { HazardError } from '../hazard-error.ts';
import { throwAll } from '../throw-all.ts';
import { captureTrace, type Trace } from '../trace.ts';
import { unfinished, type Ownership } from './refusals.ts';
import { markOwn } from './own-pools.ts';
import { LateRefusals, notReleased } from './test-end.ts';
import { within } from './within.ts';

type Release = (error?: Error | boolean) => void;
type Answer = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: Release,
) => void;

/** Whose clone it is. */
export interface CloneOwner extends Ownership {
  readonly timedOut: () => boolean;
}

/** How long what a test left running may take when its clone is closed, in milliseconds. */
const GRACE_MILLIS = 2_000;

export class ClonePool extends pg.Pool {
  readonly #of: CloneOwner;
  /** Where the clients that are out were taken. */
  readonly #out = new Map<pg.PoolClient, Trace>();
  readonly #dirty: HazardError[] = [];
  /** The server's processes that ever served it. */
  readonly #pids = new Set<number>();
  /** Queries of the pool's own that are not answered, by where they were asked. */
  readonly #queries = new Set<Trace>();
  #onQuiet: (() => void) | undefined;
  /** Set while the pool itself asks for a client. */
  #asking: Trace | undefined;
  #closing: Promise<void> | undefined;
  #late: LateRefusals | undefined;

  constructor(of: CloneOwner, options: pg.PoolConfig) {
    super(options);
    this.#of = of;
    markOwn(this);
    // Whoever prints the pool does not print the password.
    Object.defineProperty(this.options, 'connectionString', { enumerable: false });
    this.on('connect', (client) => {
      const { processID } = client as pg.PoolClient & { readonly processID: number | null };
      if (processID !== null) this.#pids.add(processID);
    });
    // A server that ends takes idle connections with it. The next query hears of it.
    this.on('error', () => undefined);
  }

  /** The server's processes that served it. */
  get pids(): readonly number[] {
    return [...this.#pids];
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Answer): void;
  override connect(callback?: Answer): Promise<pg.PoolClient> | undefined {
    const asking = this.#asking;
    const asked = asking ?? captureTrace();
    const refusal = this.#refusal(asked);
    const answer: Answer = (error, client, release) => {
      if (client && !asking) this.#hand(client, asked);
      callback?.(error, client, client ? releaseOf(client, release) : release);
    };
    if (callback) {
      if (refusal) process.nextTick(callback, refusal, undefined, () => undefined);
      else super.connect(answer as never);
      return undefined;
    }
    if (refusal) return Promise.reject(refusal);
    return super.connect().then((client) => {
      this.#hand(client, asked);
      return client;
    });
  }

  /** As `pg.Pool.query`, in all its forms. */
  override query(...args: unknown[]): never {
    const asked = captureTrace();
    this.#queries.add(asked);
    const answered = () => {
      this.#queries.delete(asked);
      if (this.#queries.size === 0) this.#onQuiet?.();
    };
    const callback = args.findIndex((each) => typeof each === 'function');
    if (callback !== -1) {
      const answer = args[callback] as (...answer: unknown[]) => unknown;
      args[callback] = (...given: unknown[]) => {
        answered();
        return answer(...given);
      };
    }
    this.#asking = asked;
    try {
      // Asks `connect` at once.
      const answer = (super.query as (...args: unknown[]) => unknown)(...args);
      if (answer instanceof Promise) answer.then(answered, answered);
      return answer as never;
    } finally {
      this.#asking = undefined;
    }
  }

  /**
   * Ends it when its test does.
   * @throws HazardError `require-client-release` for every client that is out, `no-dirty-release` for
   *   those that came back inside a transaction, `no-late-activity` for a query that does not end
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const errors: unknown[] = [];
    if (this.#queries.size > 0) {
      const quiet = new Promise<void>((resolve) => (this.#onQuiet = resolve));
      await within(GRACE_MILLIS, quiet);
    }
    errors.push(...[...this.#queries].map((asked) => unfinished(this.#of, () => asked)));
    for (const [client, taken] of this.#out) {
      errors.push(notReleased(this.#of, taken));
      client.release(true);
    }
    errors.push(...this.#dirty);
    if (!this.ending) {
      const ended = super.end();
      // A query that does not end holds its client for ever.
      await within(this.#queries.size > 0 ? 0 : GRACE_MILLIS, ended);
    }
    throwAll(errors);
  }

  #hand(client: pg.PoolClient, taken: Trace): void {
    this.#out.set(client, taken);
    // A closure of the pool's, which needs no `this`.
    const { release } = client as { readonly release: Release };
    client.release = (error) => {
      this.#out.delete(client);
      const released = captureTrace();
      if (!error) whenIdle(client, () => this.#checkReleased(client, taken, released));
      release(error);
    };
  }

  #checkReleased(client: pg.PoolClient, taken: Trace, released: Trace): void {
    // Drivers before 8.23 cannot say.
    if (!('getTransactionStatus' in client)) return;
    const status = (client.getTransactionStatus as () => string | null)();
    if (status !== 'T' && status !== 'E') return;
    this.#dirty.push(
      new HazardError('no-dirty-release', {
        happened: `${this.#of.owner} gave a client back to the pool inside a transaction. The next borrower goes on in it.`,
        acquired: taken,
        used: released,
      }),
    );
  }

  #refusal(asked: Trace): Error | undefined {
    if (!this.#closing) return undefined;
    this.#late ??= new LateRefusals(this.#of);
    return this.#late.refuse(asked, this.#of.timedOut());
  }
}

/** The `release` of a client as it was handed out, which is not pg's own any more. */
function releaseOf(client: pg.PoolClient, release: Release): Release {
  return client.release === release
    ? release
    : (error) => {
        client.release(error);
      };
}

/** What was asked before a client was released may still end its transaction. */
function whenIdle(client: pg.PoolClient, then: () => void): void {
  const { readyForQuery } = client as pg.PoolClient & { readonly readyForQuery?: boolean };
  if (readyForQuery === false) client.once('drain', then);
  else then();
}
