/**
 * The pool that the app gets: pg's own pool, whose clients are logical. Its events, counts, queue,
 * callbacks and error texts are therefore pg's own.
 */
import pg from 'pg';
import { bindContext } from '../async-context.ts';
import type { Trace } from '../trace.ts';
import { LogicalClient, type LogicalHome } from './logical-client.ts';
import { markPlace } from './place-mark.ts';

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

/** One request for a client, from `connect` or from `query`, until the client is released. */
interface Checkout {
  readonly asked: () => Trace;
  /** Whether the pool itself took the client, for one query, and will release it. */
  readonly own: boolean;
  client: pg.PoolClient | undefined;
  /** Ends a request that waits for a client. */
  readonly refuse: (error: Error) => void;
}

export class LogicalPool extends pg.Pool {
  readonly #home: LogicalHome;
  readonly #clients: ReadonlySet<LogicalClient>;
  readonly #checkouts = new Set<Checkout>();
  #querying = false;
  #onSettled: (() => void)[] = [];

  /** @param options the app's; only what concerns a pool is used */
  constructor(home: LogicalHome, options: pg.PoolConfig) {
    const clients = new Set<LogicalClient>();
    super({
      ...options,
      // No socket stands behind an idle client; only a timer could keep the process alive.
      allowExitOnIdle: true,
      // Called with `new`; what it answers is what `new` answers.
      Client: function () {
        const client = new LogicalClient(home, options);
        clients.add(client);
        return client;
      } as unknown as new () => pg.ClientBase,
    });
    this.#home = home;
    this.#clients = clients;
    this.on('release', (_, client) => {
      for (const checkout of this.#checkouts)
        if (checkout.client === client) this.#settle(checkout);
    });
  }

  /** All clients it ever made. */
  get clients(): Iterable<LogicalClient> {
    return this.#clients;
  }

  /** Where the clients that the app still has were taken. */
  get checkedOut(): readonly Trace[] {
    return [...this.#checkouts]
      .filter(({ own, client }) => !own && client)
      .map(({ asked }) => asked());
  }

  /** Resolves when the queries that were asked of the pool itself are answered. */
  async queried(): Promise<void> {
    if (this.#hasQueries()) await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** Ends every request that still waits for a client. */
  refuseWaiting(error: (asked: () => Trace) => Error): void {
    for (const { client, asked, refuse } of this.#checkouts) if (!client) refuse(error(asked));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Taken): void;
  override connect(callback?: Taken): Promise<pg.PoolClient> | undefined {
    const asked = markPlace();
    const refusal = this.#home.refusal(asked);
    if (!callback) return refusal ? Promise.reject(refusal) : this.#connect(asked);
    // One that waits is answered in the context of whoever released his client.
    const answer = this.#querying && !this.#isFull ? callback : bindContext(callback);
    if (refusal) process.nextTick(answer, refusal, undefined, () => undefined);
    else this.#connectThen(asked, answer);
    return undefined;
  }

  /** As `pg.Pool.query`, in all its forms. */
  override query(...args: never[]): never {
    this.#querying = true;
    try {
      // Asks `connect` at once.
      return (super.query as (...args: unknown[]) => never)(...args.map(inCallersContext));
    } finally {
      this.#querying = false;
    }
  }

  get #isFull(): boolean {
    return this.idleCount === 0 && this.totalCount >= this.options.max;
  }

  #connect(asked: () => Trace): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      this.#connectThen(asked, (error, client) => {
        if (client) resolve(client);
        else reject(error ?? new Error('the pool answered without a client'));
      });
    });
  }

  #connectThen(asked: () => Trace, answer: Taken): void {
    let answered = false;
    const answerOnce: Taken = (error, client, done) => {
      if (!client) this.#settle(checkout);
      if (!answered) answer(error, client, done);
      // Nobody waits for it any more.
      else if (client) done();
      answered = true;
    };
    const refuse = (error: Error) => {
      answerOnce(error, undefined, () => undefined);
    };
    const checkout: Checkout = { asked, own: this.#querying, client: undefined, refuse };
    this.#checkouts.add(checkout);
    super.connect((error, client, done) => {
      checkout.client = client;
      if (client instanceof LogicalClient) client.taken = checkout;
      answerOnce(error, client, done);
    });
  }

  #settle(checkout: Checkout): void {
    this.#checkouts.delete(checkout);
    if (!this.#hasQueries()) for (const settled of this.#onSettled.splice(0)) settled();
  }

  #hasQueries(): boolean {
    return [...this.#checkouts].some(({ own }) => own);
  }
}

function inCallersContext(argument: unknown): unknown {
  return typeof argument === 'function' ? bindContext(argument as () => unknown) : argument;
}
