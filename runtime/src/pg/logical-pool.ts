/**
 * The pool that the app gets: pg's own pool, whose clients are logical. Its events, counts, queue,
 * callbacks and error texts are therefore pg's own.
 */
import { AsyncResource } from 'node:async_hooks';
import pg from 'pg';
import type { Trace } from '../trace.ts';
import { LogicalClient, type LogicalHome } from './logical-client.ts';
import { markPlace } from './place-mark.ts';

type Taken = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  done: (release?: unknown) => void,
) => void;

export class LogicalPool extends pg.Pool {
  readonly #home: LogicalHome;
  readonly #clients = new Set<LogicalClient>();
  /** Clients that are out, and where they were taken. */
  readonly #taken = new Map<pg.PoolClient, () => Trace>();

  /** @param options the app's; only what concerns a pool is used */
  constructor(home: LogicalHome, options: pg.PoolConfig) {
    const clients = new Set<LogicalClient>();
    super({
      ...options,
      // No socket stands behind an idle client; only a timer could keep the process alive.
      allowExitOnIdle: true,
      Client: class extends LogicalClient {
        constructor() {
          super(home, options);
          clients.add(this);
        }
      } as unknown as new () => pg.ClientBase,
    });
    this.#home = home;
    this.#clients = clients;
    this.on('release', (_, client) => this.#taken.delete(client));
  }

  /** All clients it ever made. */
  get clients(): Iterable<LogicalClient> {
    return this.#clients;
  }

  /** Where the clients that are still out were taken. */
  get checkedOut(): readonly Trace[] {
    return [...this.#taken.values()].map((taken) => taken());
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: Taken): void;
  override connect(callback?: Taken): Promise<pg.PoolClient> | undefined {
    const asked = markPlace();
    const refusal = this.#home.refusal(asked);
    if (!callback) return refusal ? Promise.reject(refusal) : this.#connect(asked);
    const answer = AsyncResource.bind(callback);
    if (refusal) process.nextTick(answer, refusal, undefined, () => undefined);
    else this.#connectThen(asked, answer);
    return undefined;
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
    super.connect((error, client, done) => {
      if (client) this.#taken.set(client, asked);
      if (client instanceof LogicalClient) client.taken = asked;
      answer(error, client, done);
    });
  }
}
