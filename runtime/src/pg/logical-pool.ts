/**
 * The pool that the app gets: pg's own pool, whose clients are logical. Its events, counts, queue,
 * callbacks and error texts are therefore pg's own.
 */
import pg from 'pg';
import { bindContext } from '../async-context.ts';
import type { HazardError } from '../hazard-error.ts';
import type { Trace } from '../trace.ts';
import {
  dirtyRelease,
  nestedCheckout,
  poolQueryTransaction,
  releasedTwice,
} from './client-faults.ts';
import {
  isInside,
  leavesTransactionOpen,
  transactionsAround,
  type Inside,
} from './inside-transaction.ts';
import { LogicalClient, type LogicalHome, type Taken } from './logical-client.ts';
import { markPlace } from './place-mark.ts';

type Release = (error?: unknown) => void;
type Answer = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: Release,
) => void;

/** One request for a client, from `connect` or from `query`, until the client is released. */
interface Checkout extends Taken {
  client: pg.PoolClient | undefined;
  released: (() => Trace) | undefined;
  /** Ends a request that waits for a client. */
  readonly refuse: (error: Error) => void;
}

// Kept from before a test can mock the timers.
const { setImmediate } = globalThis;

export class LogicalPool extends pg.Pool {
  readonly #home: LogicalHome;
  readonly #clients: ReadonlySet<LogicalClient>;
  readonly #checkouts = new Set<Checkout>();
  readonly #dirty: HazardError[] = [];
  /** Set while the pool itself asks for a client. */
  #asking: (() => Trace) | undefined;
  /** Queries of the pool's own that are not answered. */
  #queries = 0;
  #onQueried: (() => void)[] = [];

  /** @param options the app's; only what concerns a pool and its clients is used */
  constructor(home: LogicalHome, options: pg.PoolConfig) {
    super(options);
    const clients = new Set<LogicalClient>();
    // Where pg's pool takes its clients from; `pool.options` stays the app's.
    (this as unknown as { Client: unknown }).Client = function () {
      const client = new LogicalClient(home, options);
      clients.add(client);
      // Called with `new`, which answers what it answers.
      return client;
    };
    this.#home = home;
    this.#clients = clients;
  }

  /** All clients it ever made. */
  get clients(): Iterable<LogicalClient> {
    return this.#clients;
  }

  /** A client beside those that the pool hands out: one that a library connects by itself. */
  beside(): LogicalClient {
    return new (this as unknown as { readonly Client: new () => LogicalClient }).Client();
  }

  /** Where the clients that the app still has were taken. */
  get checkedOut(): readonly Trace[] {
    return [...this.#checkouts]
      .filter(({ own, client }) => !own && client)
      .map(({ asked }) => asked());
  }

  /** Clients that came back inside a transaction. */
  get dirtyReleases(): readonly HazardError[] {
    return this.#dirty;
  }

  /** Whether every query that was asked of the pool itself is answered. */
  get isQuiet(): boolean {
    return this.#queries === 0;
  }

  /** Resolves when the queries that were asked of the pool itself are answered. */
  async queried(): Promise<void> {
    if (this.#queries > 0) await new Promise<void>((resolve) => this.#onQueried.push(resolve));
  }

  /** Ends every request that still waits for a client. */
  refuseWaiting(error: (asked: () => Trace) => Error): void {
    for (const { client, asked, refuse } of this.#checkouts) if (!client) refuse(error(asked));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Answer): void;
  override connect(callback?: Answer): Promise<pg.PoolClient> | undefined {
    const own = this.#asking;
    const asked = own ?? markPlace();
    const refusal = this.#home.refusal(asked);
    if (callback) {
      // The pool's own callback only passes the answer on; one that waits is called by whoever releases.
      const answer = own && !this.#isFull ? callback : bindContext(callback);
      if (refusal) process.nextTick(answer, refusal, undefined, () => undefined);
      else this.#checkOut({ asked, own: own !== undefined, inside: transactionsAround() }, answer);
      return undefined;
    }
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#checkOut({ asked, own: false, inside: transactionsAround() }, (error, client) => {
        if (client) resolve(client);
        else reject(error ?? new Error('the pool answered without a client'));
      });
    });
  }

  /** As `pg.Pool.query`, in all its forms. */
  override query(...args: unknown[]): never {
    const asked = markPlace();
    const callback = args.findIndex((arg) => typeof arg === 'function');
    if (callback > 0) args[callback] = bindContext(args[callback] as Answer);
    if (leavesTransactionOpen(textOf(args[0])))
      return this.#refuse(poolQueryTransaction(this.#home.session, asked), args[callback]);
    this.#asking = asked;
    try {
      // Asks `connect` at once.
      return (super.query as (...args: unknown[]) => never)(...args);
    } finally {
      this.#asking = undefined;
    }
  }

  override emit(event: string, ...args: never[]): boolean {
    if (event === 'release') this.#settle((args[1] as unknown as LogicalClient).taken, args[0]);
    return (super.emit as (event: string, ...args: never[]) => boolean)(event, ...args);
  }

  #checkOut(taken: Taken, answer: Answer): void {
    let answered = false;
    const answerOnce: Answer = (...args) => {
      const [, client, release] = args;
      if (!client) this.#close(checkout);
      if (!answered) answer(...args);
      // Nobody waits for it any more.
      else if (client) release();
      answered = true;
    };
    const refuse = (error: Error) => {
      answerOnce(error, undefined, () => undefined);
    };
    const checkout: Checkout = { ...taken, client: undefined, released: undefined, refuse };
    this.#checkouts.add(checkout);
    if (taken.own) this.#queries++;
    super.connect((...args) => {
      const [, client] = args;
      if (client) {
        checkout.client = client;
        (client as unknown as LogicalClient).taken = checkout;
        if (!taken.own) args[2] = this.#releaseOnce(checkout, client);
      }
      answerOnce(...args);
    });
    const { inside } = taken;
    if (inside && this.#isFull) setImmediate(() => this.#refuseSelfWait(checkout, inside));
  }

  /** pg's own `release`, which also knows where it was called first. */
  #releaseOnce(checkout: Checkout, client: pg.PoolClient): Release {
    // A closure of the pool's, which needs no `this`.
    const { release } = client as { release: Release };
    const releaseOnce: Release = (error) => {
      const place = markPlace();
      const { released } = checkout;
      if (released) {
        const { session } = this.#home;
        session.notes.tell('no-client-misuse', () => releasedTwice(session, released, place));
      }
      checkout.released ??= place;
      release(error);
    };
    client.release = releaseOnce;
    return releaseOnce;
  }

  /** A client is back. @param error with which it was released: the pool then throws it away */
  #settle(taken: Taken | undefined, error: unknown): void {
    const checkout = taken as Checkout | undefined;
    const client = checkout?.client as unknown as LogicalClient | undefined;
    if (!checkout || !client) return;
    client.taken = undefined;
    this.#close(checkout);
    const { asked, own, released = asked } = checkout;
    if (error || own) return;
    // What was asked before it was released may still end the transaction.
    client.whenAnswered(() => {
      const { transaction } = client;
      // What a lost connection cut off, nobody could have ended.
      if (transaction && !this.#home.session.spoilt)
        this.#dirty.push(dirtyRelease(transaction.begun, asked, released));
    });
  }

  #close(checkout: Checkout): void {
    if (!this.#checkouts.delete(checkout) || !checkout.own) return;
    this.#queries--;
    if (this.#queries === 0) for (const queried of this.#onQueried.splice(0)) queried();
  }

  get #isFull(): boolean {
    return this.idleCount === 0 && this.totalCount >= this.options.max;
  }

  /** A request waits for a client, and the code that asks is what keeps all of them. */
  #refuseSelfWait(checkout: Checkout, inside: Inside): void {
    if (checkout.client || !this.#checkouts.has(checkout)) return;
    const out = [...this.#checkouts].flatMap(({ client }) => client ?? []);
    const begun = out.map((client) => (client as unknown as LogicalClient).transaction?.begun);
    if (!begun[0] || !begun.every((one) => one && isInside(inside, one))) return;
    checkout.refuse(nestedCheckout(this.#home.session, begun[0], checkout.asked));
  }

  #refuse(error: Error, callback: unknown): never {
    if (typeof callback !== 'function') return Promise.reject(error) as never;
    process.nextTick(callback, error);
    return undefined as never;
  }
}

function textOf(config: unknown): unknown {
  return typeof config === 'string' ? config : (Object(config) as { text?: unknown }).text;
}
