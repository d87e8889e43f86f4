/**
 * What the app holds instead of a connection: a `pg.Client` to look at and to use, whose statements
 * go through the one session of its sandbox. Opens no connection.
 */
import pg from 'pg';
import { bindContext } from '../async-context.ts';
import type { Trace } from '../trace.ts';
import type { AppTransaction } from './app-transaction.ts';
import { DriverClient } from './driver-client.ts';
import { markPlace } from './place-mark.ts';
import { Question } from './question.ts';
import type { ServerStatus, Submission } from './real-connection.ts';
import type { Asker, Session } from './session.ts';

/** What a logical client needs to know of the sandbox it belongs to. */
export interface LogicalHome {
  readonly session: Session;
  /** The error of everything asked after the test's end; undefined before. */
  refusal(asked: () => Trace): Error | undefined;
}

type Callback = (error: Error | null | undefined, result?: unknown) => void;
type QueryObject = pg.QueryConfig & { query_timeout?: number; callback?: Callback };

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

/** Names on the real connection, which logical clients share: never used twice, so never for two texts. */
let statementNames = 0;

export class LogicalClient extends DriverClient implements Asker {
  transaction: AppTransaction | undefined;
  /** How it was last taken from its pool. */
  taken: { readonly asked: () => Trace; readonly own: boolean } | undefined;
  readonly #home: LogicalHome;
  readonly #queryTimeoutMillis: number;
  readonly #statements = new Map<
    string,
    { readonly name: string; readonly text: string | undefined }
  >();
  #connected = false;
  #ended = false;

  constructor(home: LogicalHome, options: pg.PoolConfig) {
    super(options);
    this.#home = home;
    this.#queryTimeoutMillis = options.query_timeout ?? 0;
  }

  /** As `pg.Client.connect`, in both its forms. */
  override connect(...args: never[]): never {
    return this.#connect(args[0]) as never;
  }

  #connect(callback: ((error?: Error) => void) | undefined): Promise<this> | undefined {
    const reached = this.#reach();
    if (!callback) return reached;
    reached.then(() => {
      callback();
    }, callback);
    return undefined;
  }

  async #reach(): Promise<this> {
    if (this.#connected)
      throw new Error('Client has already been connected. You cannot reuse a client.');
    this.#connected = true;
    await this.#home.session.reach();
    this.emit('connect');
    return this;
  }

  /** As `pg.Client.query`, in all its forms. */
  override query(...args: never[]): never {
    const [config, values, callback] = args;
    return this.#query(config, values, callback) as never;
  }

  #query(config: unknown, values: unknown, callback: unknown): unknown {
    if (config === null || config === undefined)
      throw new TypeError('Client was passed a null or undefined query');
    const asked = this.#placeOf(markPlace());
    if (isSubmission(config)) {
      const heard = typeof values === 'function' ? values : callback;
      if (!config.callback && typeof heard === 'function') config.callback = heard as Callback;
      this.#ask(config, asked);
      return config;
    }
    const query = new pg.Query(
      config as pg.QueryConfig,
      values as unknown[],
      callback as never,
    ) as unknown as Submission;
    if (query.callback) {
      if (typeof query.callback !== 'function') throw new TypeError('callback is not a function');
      // The pool's own query answers to whoever asked the pool.
      if (!this.taken?.own) query.callback = bindContext(query.callback);
    }
    const result = query.callback ? undefined : promiseOf(query);
    this.#limit(query, (config as QueryObject).query_timeout ?? this.#queryTimeoutMillis);
    this.#ask(query, asked);
    return result;
  }

  /** A query of the pool's own is begun by the driver; the app's line is where the client was taken. */
  #placeOf(mark: () => Trace): () => Trace {
    const { taken } = this;
    return () => {
      const trace = mark();
      return trace.place || !taken ? trace : taken.asked();
    };
  }

  #ask(submission: Submission, asked: () => Trace): void {
    const question = new Question(submission, asked);
    const refusal = this.#refusal(submission, asked);
    if (refusal) {
      process.nextTick(() => {
        question.fail(refusal);
      });
      return;
    }
    const result = (submission as { _result?: { _types?: pg.CustomTypesConfig } })._result;
    if (result) result._types ??= this;
    this.#home.session.ask(this, question);
  }

  /** Why nothing can be asked: the test is over, the client is ended, or a statement's name is taken. */
  #refusal(submission: Submission, asked: () => Trace): Error | undefined {
    // What the pool was asked in time, it may still ask of its client.
    const late = this.taken?.own ? undefined : this.#home.refusal(asked);
    if (late) return late;
    if (this.#ended) return new Error('Client was closed and is not queryable');
    return submission instanceof pg.Query
      ? this.#useOwnName(submission as { name?: string; text?: string })
      : undefined;
  }

  /**
   * Renames a prepared statement: another logical client may give the same name to another text.
   * @returns the driver's own error when this client did
   */
  #useOwnName(query: { name?: string; text?: string }): Error | undefined {
    if (!query.name) return undefined;
    const known = this.#statements.get(query.name);
    if (known && query.text && known.text !== query.text) {
      return new Error(
        `Prepared statements must be unique - '${query.name}' was used for a different statement`,
      );
    }
    const statement = known ?? { name: `savepoint_${String(++statementNames)}`, text: query.text };
    this.#statements.set(query.name, statement);
    query.name = statement.name;
    if (statement.text !== undefined) query.text = statement.text;
    return undefined;
  }

  /** The driver's own time-out would count from when the statement is sent, and would have to stop the connection. */
  #limit(query: Submission, millis: number): void {
    const { callback } = query;
    if (!millis || !callback) return;
    const timer = setTimeout(() => {
      query.callback = () => undefined;
      callback(new Error('Query read timeout'));
    }, millis);
    query.callback = (error, result) => {
      clearTimeout(timer);
      callback(error, result);
    };
  }

  override getTransactionStatus(): ServerStatus | null {
    if (!this.#connected) return null;
    if (!this.transaction) return 'I';
    return this.transaction.aborted ? 'E' : 'T';
  }

  hearNotice(notice: unknown): void {
    this.emit('notice', notice);
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    this.#ended = true;
    // Read by pg-pool when the client is released.
    (this as unknown as { _ending: boolean })._ending = true;
    const told = new Promise<void>((resolve) => {
      process.nextTick(() => {
        (callback as (() => void) | undefined)?.();
        this.emit('end');
        resolve();
      });
    });
    return callback ? undefined : told;
  }

  /** There is no socket of its own that could keep the process alive. */
  ref(): void {}
  unref(): void {}
}

function isSubmission(config: unknown): config is Submission {
  return typeof (config as { submit?: unknown }).submit === 'function';
}

function promiseOf(query: Submission): Promise<unknown> {
  const result = new Promise((resolve, reject) => {
    query.callback = (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    };
  });
  return result.catch((error: unknown) => {
    // The stack of the socket says nothing; the one of the app's query does. So does `pg`.
    if (error instanceof pg.DatabaseError) Error.captureStackTrace(error);
    throw error;
  });
}
