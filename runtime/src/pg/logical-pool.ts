/**
 * The pool that the app gets: pg's own pool, whose clients are logical. Its events, counts, queue,
 * callbacks and error texts are therefore pg's own.
 */
import pg from 'pg';
import { openShared } from '../ambient-test.ts';
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
  mayGoOn,
  toldSomebodyElse,
  transactionsAround,
  type Inside,
} from './inside-transaction.ts';
import { LogicalClient, withStackOf, type LogicalHome, type Taken } from './logical-client.ts';
import { markPlace } from './place-mark.ts';
import { statementsOf } from './statements.ts';

type Release = (error?: unknown) => void;
type Answer = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: Release,
) => void;
type Callback = (error: Error | undefined, result?: unknown) => void;

/** One request for a client, from `connect` or from `query`, until the client is released. */
class Checkout implements Taken {
  readonly asked: () => Trace;
  readonly own: boolean;
  readonly inside: Inside | undefined;
  client: LogicalClient | undefined;
  released: (() => Trace) | undefined;
  #answer: Answer | undefined;

  constructor({ asked, own, inside }: Taken, answer: Answer) {
    this.asked = asked;
    this.own = own;
    this.inside = inside;
    this.#answer = answer;
  }

  /** Tells who asked, once. A client that comes after a refusal goes back. */
  answer(...args: Parameters<Answer>): void {
    const [, client, release] = args;
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer) answer(...args);
    else if (client) release();
  }
}

/** Parts of pg's pool that its types leave out. */
interface PgPool {
  Client: unknown;
  readonly Promise: PromiseConstructor;
  _clients: LogicalClient[];
  _idle: {
    readonly client: LogicalClient;
    readonly idleListener: () => void;
    readonly timeoutId: NodeJS.Timeout | undefined;
    readonly since: number;
  }[];
  ending: boolean;
  ended: boolean;
  _isAboveMin(): boolean;
  _pulseQueue(): void;
  _remove(client: LogicalClient, then: () => void): void;
  _release(client: LogicalClient, idleListener: () => void, error: unknown): void;
}
const asPg = pg.Pool.prototype as unknown as PgPool;

// Kept from before a test can mock the timers.
const { setImmediate, setTimeout: setRealTimeout } = globalThis;

/** How often a request looks whether the code that has all clients may still go on. */
const LOOK_MILLIS = 100;

export class LogicalPool extends pg.Pool {
  readonly #home: LogicalHome;
  readonly #clients: ReadonlySet<LogicalClient>;
  readonly #checkouts = new Set<Checkout>();
  readonly #dirty: HazardError[] = [];
  /** Queries of the pool's own that are not answered. */
  #queries = 0;
  #onQueried: (() => void)[] = [];
  /** Set while a client may be idle for too long. */
  #idling: NodeJS.Timeout | undefined;

  /** @param options the app's; only what concerns a pool and its clients is used */
  constructor(home: LogicalHome, options: pg.PoolConfig) {
    super(options);
    const clients = new Set<LogicalClient>();
    // Where pg's pool takes its clients from; `pool.options` stays the app's.
    this.#pg.Client = function () {
      const client = new LogicalClient(home, options);
      clients.add(client);
      // Called with `new`, which answers what it answers.
      return client;
    };
    this.#home = home;
    this.#clients = clients;
  }

  get #pg(): PgPool {
    return this as unknown as PgPool;
  }

  /** All clients it ever made. */
  get clients(): Iterable<LogicalClient> {
    return this.#clients;
  }

  /** A client beside those that the pool hands out: one that a library connects by itself. */
  beside(): LogicalClient {
    const client = new (this.#pg.Client as new () => LogicalClient)();
    client.isBeside = true;
    return client;
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
    for (const checkout of this.#checkouts)
      if (!checkout.client) this.#refuse(checkout, error(checkout.asked));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Answer): void;
  override connect(callback?: Answer): Promise<pg.PoolClient> | undefined {
    const asked = markPlace();
    if (callback) {
      this.#checkOut(asked, false, bindContext(callback));
      return undefined;
    }
    return new this.#pg.Promise((resolve, reject) => {
      this.#checkOut(asked, false, (error, client) => {
        if (client) resolve(client);
        else reject(error ?? new Error('the pool answered without a client'));
        // Told by whoever released it, perhaps.
        toldSomebodyElse();
      });
    });
  }

  /** As `pg.Pool.query`, in all its forms. */
  override query(...args: unknown[]): never {
    const [config, second, third] = args;
    // Refused by pg itself.
    if (typeof config === 'function')
      return (super.query as (...args: unknown[]) => never)(...args);
    const asked = markPlace();
    const values = typeof second === 'function' ? undefined : second;
    const callback = typeof second === 'function' ? second : third;
    if (typeof callback === 'function') {
      this.#query(asked, config, values, bindContext(callback as Callback));
      return undefined as never;
    }
    return new this.#pg.Promise((resolve, reject) => {
      this.#query(asked, config, values, (error, result) => {
        if (error) reject(withStackOf(asked, error));
        else resolve(result);
      });
    }) as never;
  }

  #query(asked: () => Trace, config: unknown, values: unknown, answer: Callback): void {
    const text = textOf(config);
    if (leavesTransactionOpen(text)) {
      process.nextTick(answer, poolQueryTransaction(this.#home.session, asked));
      return;
    }
    this.#checkOut(asked, true, (error, client, release) => {
      if (client) queryOnce(client, release, config, values, answer);
      else answer(error);
    });
    // What is asked is read while the connection is on its way, and remembered.
    if (typeof text === 'string' && this.#home.session.isOnItsWay) statementsOf(text);
  }

  override end(): Promise<void>;
  override end(callback: () => void): void;
  override end(callback?: () => void): Promise<void> | undefined {
    clearTimeout(this.#idling);
    return (super.end as (callback?: () => void) => Promise<void> | undefined)(callback);
  }

  /** Ends with its sandbox: as `end`, and at once where nobody hears of it. */
  endWithSandbox(): void {
    if (this.ending) return;
    const inner = this.#pg;
    const isHeard =
      this.idleCount < this.totalCount ||
      this.listenerCount('remove') > 0 ||
      inner._clients.some((client) => client.isListenedTo) ||
      inner._idle.some(({ timeoutId }) => timeoutId !== undefined);
    if (isHeard) {
      void this.end();
      return;
    }
    clearTimeout(this.#idling);
    for (const client of inner._clients) client.endUnheard();
    inner._clients = [];
    inner._idle = [];
    inner.ending = inner.ended = true;
  }

  /** Called by pg. As its own, but all idle clients share one timer: a test asks a few things and ends. */
  _release(client: LogicalClient, idleListener: () => void, error: unknown): void {
    const inner = this.#pg;
    const { maxUses, maxLifetimeSeconds, idleTimeoutMillis, allowExitOnIdle } = this.options;
    const mayGo = Boolean(error) || this.ending || !client.isUsable;
    if (mayGo || maxUses < Infinity || maxLifetimeSeconds || allowExitOnIdle) {
      asPg._release.call(inner, client, idleListener, error);
      return;
    }
    client.on('error', idleListener);
    this.emit('release', error as never, client as never);
    inner._idle.push({ client, idleListener, timeoutId: undefined, since: performance.now() });
    if (idleTimeoutMillis && inner._isAboveMin()) this.#awaitIdle(idleTimeoutMillis);
    inner._pulseQueue();
  }

  #awaitIdle(millis: number): void {
    this.#idling ??= setTimeout(() => {
      this.#idling = undefined;
      this.#removeIdle();
    }, millis);
  }

  #removeIdle(): void {
    const inner = this.#pg;
    const { idleTimeoutMillis } = this.options;
    for (const { client, since } of [...inner._idle]) {
      const leftMillis = since + (idleTimeoutMillis ?? 0) - performance.now();
      if (!inner._isAboveMin()) return;
      if (leftMillis > 0) this.#awaitIdle(Math.ceil(leftMillis));
      else
        inner._remove(client, () => {
          inner._pulseQueue();
        });
    }
  }

  override emit(event: string, ...args: never[]): boolean {
    if (event === 'release') this.#settle((args[1] as unknown as LogicalClient).taken, args[0]);
    return (super.emit as (event: string, ...args: never[]) => boolean)(event, ...args);
  }

  #checkOut(asked: () => Trace, own: boolean, answer: Answer): void {
    const refusal = this.#home.refusal(asked);
    if (refusal) {
      process.nextTick(answer, refusal, undefined, () => undefined);
      return;
    }
    const inside = transactionsAround();
    const checkout = new Checkout({ asked, own, inside }, answer);
    this.#checkouts.add(checkout);
    if (own) this.#queries++;
    super.connect((...args) => {
      const [, client] = args;
      if (client) {
        checkout.client = client as unknown as LogicalClient;
        checkout.client.taken = checkout;
        if (!own) args[2] = this.#releaseOnce(checkout, client);
      } else {
        this.#close(checkout);
      }
      checkout.answer(...args);
    });
    if (inside && this.#isFull)
      openShared(() =>
        setImmediate(() => {
          this.#refuseSelfWait(checkout, inside);
        }),
      );
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
    const client = checkout?.client;
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
    const begun = out.map((client) => client.transaction?.begun);
    if (!begun[0] || !begun.every((one) => one && isInside(inside, one))) return;
    if (begun.some((one) => one && mayGoOn(one, 'soon'))) {
      openShared(() =>
        setRealTimeout(() => {
          this.#refuseSelfWait(checkout, inside);
        }, LOOK_MILLIS),
      );
      return;
    }
    this.#refuse(checkout, nestedCheckout(this.#home.session, begun[0], checkout.asked));
  }

  /** Ends a request that waits for a client. */
  #refuse(checkout: Checkout, error: Error): void {
    this.#close(checkout);
    checkout.answer(error, undefined, () => undefined);
  }
}

/** As pg's own pool: the client goes back when the answer, or the end of the connection, is here. */
function queryOnce(
  client: pg.PoolClient,
  release: Release,
  config: unknown,
  values: unknown,
  answer: Callback,
): void {
  let released = false;
  const finish: Callback = (error, result) => {
    if (released) return;
    released = true;
    client.removeListener('error', finish);
    release(error);
    if (error) answer(error);
    else answer(undefined, result);
  };
  client.once('error', finish);
  try {
    client.query(config as never, values as never, finish as never);
  } catch (error) {
    finish(error as Error);
  }
}

function textOf(config: unknown): unknown {
  return typeof config === 'string' ? config : (Object(config) as { text?: unknown }).text;
}
