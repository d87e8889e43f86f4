/**
 * What the app holds instead of a connection: a `pg.Client` to look at and to use, whose statements
 * go through the one session of its sandbox. Opens no connection.
 */
import pg from 'pg';
import { bindContext } from '../async-context.ts';
import type { Trace } from '../trace.ts';
import type { AppTransaction } from './app-transaction.ts';
import { concurrentQueries, poolsOwnMethod } from './client-faults.ts';
import { DriverClient } from './driver-client.ts';
import {
  enteringTransaction,
  leavesTransactionOpen,
  transactionsAroundAsker,
  type Inside,
} from './inside-transaction.ts';
import type { Notification } from './kept/notifications.ts';
import { startSettingsOf, type StartSettings } from './kept/start-settings.ts';
import { LogicalConnection } from './logical-connection.ts';
import { markPlace } from './place-mark.ts';
import { Portal, readsPortal } from './portal.ts';
import { Question, type Asking, type Listener } from './question.ts';
import type { Submission } from './exchange.ts';
import type { RealConnection, ServerStatus } from './real-connection.ts';
import type { Asker, Session } from './session.ts';

/** What a logical client needs to know of the sandbox it belongs to. */
export interface LogicalHome {
  readonly session: Session;
  /** The error of everything asked after the test's end; undefined before. */
  refusal(asked: () => Trace): Error | undefined;
}

/** A client's time out of its pool. */
export interface Taken {
  readonly asked: () => Trace;
  /** Whether the pool itself took it, for one query, and will release it. */
  readonly own: boolean;
  /** The transactions whose code took it. */
  readonly inside: Inside | undefined;
}

type Callback = (error: Error | null | undefined, result?: unknown) => void;
type Connected = (error: Error | null, client?: LogicalClient) => void;
type QueryObject = pg.QueryConfig & { query_timeout?: number; callback?: Callback };
type Named = Submission & { name?: string | undefined; text?: string | undefined };

/** Fields of `pg.Client` that its types leave out, and that pools and libraries read. */
interface Inner {
  readonly _types: pg.CustomTypesConfig;
  readonly binary: boolean;
  _connecting: boolean;
  _connected: boolean;
  _ending: boolean;
  _ended: boolean;
  _queryable: boolean;
  processID: number | null;
  secretKey: number | null;
}

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

/** Most clients never hold anything back. */
const NONE: never[] = [];

/** Names on the real connection, which logical clients share: never used twice, so never for two texts. */
let statementNames = 0;

export class LogicalClient extends DriverClient implements Asker, Listener {
  transaction: AppTransaction | undefined;
  /** How it was last taken from its pool; undefined while it is idle there. */
  taken: Taken | undefined;
  /** Whether a library connected it by itself, for a pool of its own perhaps. */
  isBeside = false;
  readonly #home: LogicalHome;
  readonly #options: pg.PoolConfig;
  readonly #queryTimeoutMillis: number;
  /** What the app gave a name: the name on the real connection, and the text. */
  #statements: Map<string, { readonly own: string; text: string | undefined }> | undefined;
  /** What was asked and is not answered, in order. */
  readonly #unanswered: Question[] = [];
  /** The cursor that is read, and what waits behind it. */
  #reading: { readonly question: Question; readonly portal: Portal } | undefined;
  #held: (() => void)[] = NONE;
  /** Who waits for the answer to a question, and all before it. */
  #waiting: { readonly last: Question; readonly then: () => void }[] = NONE;
  /** Starts the time-outs of what waits for other clients, which the app's own connection would not. */
  #onBegun: (() => void)[] = NONE;
  #onConnected: Connected | undefined;

  constructor(home: LogicalHome, options: pg.PoolConfig) {
    super(options, new LogicalConnection());
    this.#home = home;
    this.#options = options;
    this.#queryTimeoutMillis = options.query_timeout ?? 0;
  }

  get #inner(): Inner {
    return this as unknown as Inner;
  }

  // ---- its life

  /** As `pg.Client.connect`, in both its forms. */
  override connect(...args: never[]): never {
    const callback = args[0] as Connected | undefined;
    if (callback) {
      this.#connect(callback);
      return undefined as never;
    }
    return new Promise<this>((resolve, reject) => {
      this.#connect((error) => {
        if (error) reject(error);
        else resolve(this);
      });
    }) as never;
  }

  #connect(callback: Connected): void {
    const inner = this.#inner;
    if (inner._connecting || inner._connected) {
      this.#tellMisuse('connect');
      const error = new Error('Client has already been connected. You cannot reuse a client.');
      process.nextTick(callback, error);
      return;
    }
    inner._connecting = true;
    this.#onConnected = callback;
    this.connection.once('end', () => {
      this.#closed();
    });
    const real = this.#home.session.atHand;
    if (real) {
      process.nextTick(this.#reached, real);
      return;
    }
    this.#home.session.reach().then(this.#reached, (error: unknown) => {
      this.#settleConnect(error as Error);
    });
  }

  readonly #reached = ({ client, processId }: RealConnection): void => {
    this.#inner.processID = processId;
    this.#inner.secretKey = (client as unknown as Inner).secretKey;
    this.#settleConnect(null);
  };

  /** Once; what comes after it was given up is not told. */
  #settleConnect(error: Error | null): void {
    const callback = this.#onConnected;
    if (!callback || (this.#inner._ended && !error)) return;
    this.#onConnected = undefined;
    const inner = this.#inner;
    inner._connecting = false;
    if (error) {
      callback(error);
      return;
    }
    inner._connected = true;
    callback(null, this);
    this.emit('connect');
  }

  /** Whether anybody hears of its end. */
  get isListenedTo(): boolean {
    return this.listenerCount('end') > 0 || this.connection.listenerCount('end') > 1;
  }

  /** Ends with its sandbox, where nobody hears of it. */
  endUnheard(): void {
    const inner = this.#inner;
    inner._ending = true;
    inner._ended = true;
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    const inner = this.#inner;
    if (this.taken && !this.taken.own) this.#tellMisuse('end');
    inner._ending = true;
    if ((!inner._connecting && !inner._connected) || inner._ended) {
      (callback as (() => void) | undefined)?.();
      return callback ? undefined : Promise.resolve();
    }
    this.#hangUp(new Error('Connection terminated'));
    // The server has heard of it before another client can ask.
    this.#home.session.clientsThatKeep?.drop(this);
    this.connection.end();
    if (!callback) return new Promise<void>((resolve) => this.connection.once('end', resolve));
    this.connection.once('end', callback as () => void);
    return undefined;
  }

  /** What is not answered fails, and an open transaction is rolled back, as by a server that loses its client. */
  #hangUp(error: Error): void {
    const asked = this.#unanswered.filter(({ isAnswered }) => !isAnswered);
    if (asked.some(({ hasBegun }) => hasBegun)) this.#home.session.stopRunning();
    for (const question of asked) question.abandon(error);
    this.#reading?.portal.discard();
    if (this.transaction || asked.length > 0) {
      const rollback = new pg.Query('ROLLBACK', () => undefined) as unknown as Submission;
      const place = this.transaction?.begun ?? markPlace();
      this.#home.session.ask(this, new Question(rollback, { asked: place }));
    }
  }

  /** The connection is at its end: told to, or destroyed by somebody who reached for it. */
  #closed(): void {
    const inner = this.#inner;
    inner._ended = true;
    this.#home.session.clientsThatKeep?.drop(this);
    if (!inner._ending) {
      const error = new Error('Connection terminated unexpectedly');
      if (this.#onConnected) {
        this.#settleConnect(error);
      } else if (inner._connected) {
        inner._queryable = false;
        this.#hangUp(error);
        this.emit('error', error);
      }
    }
    process.nextTick(() => this.emit('end'));
  }

  #tellMisuse(method: 'connect' | 'end'): void {
    const { session } = this.#home;
    const called = markPlace();
    session.notes.tell('no-client-misuse', () =>
      poolsOwnMethod(session, method, this.taken?.asked, called),
    );
  }

  // ---- what it is asked

  /** As `pg.Client.query`, in all its forms. */
  override query(...args: never[]): never {
    const [config, values, callback] = args;
    return this.#query(config, values, callback) as never;
  }

  #query(config: unknown, values: unknown, callback: unknown): unknown {
    if (config === null || config === undefined)
      throw new TypeError('Client was passed a null or undefined query');
    const asking = this.#asking();
    if (isSubmission(config)) {
      const heard = typeof values === 'function' ? values : callback;
      if (!config.callback && typeof heard === 'function')
        config.callback = bindContext(this.#entering(config, asking, heard as Callback));
      this.#ask(config, asking, (config as QueryObject).query_timeout);
      return config;
    }
    const query = new pg.Query(
      config as pg.QueryConfig,
      values as unknown[],
      callback as never,
    ) as unknown as Named;
    if (query.callback && typeof query.callback !== 'function')
      throw new TypeError('callback is not a function');
    // The pool's own callback only passes the answer on.
    if (query.callback && !this.taken?.own)
      query.callback = bindContext(this.#entering(query, asking, query.callback as Callback));
    const result = query.callback ? undefined : this.#promiseOf(query, asking);
    this.#ask(query, asking, (config as QueryObject).query_timeout);
    return result;
  }

  #promiseOf(query: Named, asking: Asking): Promise<unknown> {
    return new Promise((resolve, reject) => {
      query.callback = this.#entering(query, asking, (error, answer) => {
        if (error) reject(withStackOf(asking.asked, error));
        else resolve(answer);
      });
    });
  }

  /** Who hears that a transaction has begun is inside it from then on. */
  #entering({ text }: Named, { asked }: Asking, heard: Callback): Callback {
    return leavesTransactionOpen(text, this.transaction !== undefined)
      ? enteringTransaction(asked, this, heard)
      : heard;
  }

  /** From where it is asked. A query of the pool's own was asked where the pool was. */
  #asking(): Asking {
    const { taken } = this;
    if (taken?.own) return { asked: taken.asked, inside: taken.inside, takenInside: taken.inside };
    const mark = markPlace();
    const asked = () => {
      const trace = mark();
      return trace.place || !taken ? trace : taken.asked();
    };
    // What a pool does to a new client is not what the code does that asked for one.
    const inside = taken || this.isBeside ? transactionsAroundAsker(this) : undefined;
    // When a library's own pool handed it out, nobody knows.
    const takenInside = taken ? taken.inside : inside;
    return { asked, inside, takenInside, taken, isSetUp: taken === undefined };
  }

  #ask(submission: Named, asking: Asking, timeoutMillis: number | undefined): void {
    const inner = this.#inner;
    const own = this.#useOwnName(submission);
    const question = new Question(submission, asking, this, own);
    const limitMillis = timeoutMillis || this.#queryTimeoutMillis;
    if (limitMillis) this.#limit(question, limitMillis);
    if (inner.binary) (submission as { binary?: boolean }).binary ||= true;
    const result = (submission as { _result?: { _types?: pg.CustomTypesConfig } })._result;
    if (result) result._types ??= inner._types;
    const refusal = this.#refusal(submission, asking.asked);
    if (refusal) {
      process.nextTick(() => {
        question.fail(refusal);
      });
      return;
    }
    this.#noteConcurrent(question);
    this.#unanswered.push(question);
    this.#sendInOrder(question, asking);
  }

  /** Behind a cursor everything waits until it is closed; else the sandbox keeps the order. */
  #sendInOrder(question: Question, asking: Asking): void {
    if (this.#reading)
      this.#held = [
        ...this.#held,
        () => {
          this.#sendInOrder(question, asking);
        },
      ];
    else this.#send(question, asking);
  }

  #send(question: Question, asking: Asking): void {
    const { session } = this.#home;
    if (!readsPortal(question.submission)) {
      session.ask(this, question);
      return;
    }
    const portal = new Portal(question, asking, (step) => {
      session.ask(this, step);
    });
    this.#reading = { question, portal };
    portal.open();
  }

  /** Why nothing can be asked: the test is over, the client is ended, or pipelined. */
  #refusal(submission: Submission, asked: () => Trace): Error | undefined {
    // What the pool was asked in time, it may still ask of its client.
    const late = this.taken?.own ? undefined : this.#home.refusal(asked);
    if (late) return late;
    if (this.pipeline && !(submission instanceof pg.Query))
      return new Error(
        'Custom query classes such as pg-cursor and pg-query-stream are not supported in pipeline mode',
      );
    if (this.pipeline && (submission as { rows?: unknown }).rows)
      return new Error('The `rows` option is not supported in pipeline mode');
    if (!this.#inner._queryable)
      return new Error('Client has encountered a connection error and is not queryable');
    if (this.#inner._ending) return new Error('Client was closed and is not queryable');
    return undefined;
  }

  begun(): void {
    if (this.#onBegun.length === 0) return;
    const starts = this.#onBegun;
    this.#onBegun = NONE;
    for (const start of starts) start();
  }

  answered(question: Question): void {
    const at = this.#unanswered.indexOf(question);
    if (at === -1) return;
    this.#unanswered.splice(at, 1);
    if (this.#reading?.question === question) {
      this.#reading = undefined;
      this.#sendHeld();
    }
    if (this.#waiting.length > 0) this.#tellWaiting(question);
    if (this.#unanswered.length === 0 && !question.isAbandoned) this.emit('drain');
  }

  /** What waited for a cursor, up to the next one. */
  #sendHeld(): void {
    const held = this.#held;
    this.#held = NONE;
    for (const send of held) send();
  }

  /** Calls back when all that was asked until now is answered: at once, or later. */
  whenAnswered(then: () => void): void {
    const last = this.#unanswered.at(-1);
    if (last) this.#waiting = [...this.#waiting, { last, then }];
    else then();
  }

  #tellWaiting(answered: Question): void {
    const waited = this.#waiting.filter(({ last }) => last === answered);
    this.#waiting = this.#waiting.filter(({ last }) => last !== answered);
    for (const { then } of waited) then();
  }

  #noteConcurrent(question: Question): void {
    const [first] = this.#unanswered;
    if (!first || this.pipeline || !first.isPlain || !question.isPlain) return;
    // Nobody is to blame for what an earlier borrower or a listener of the pool did not wait for.
    if (!question.taken || first.taken !== question.taken) return;
    const { session } = this.#home;
    session.notes.tell('no-concurrent-client-queries', () =>
      concurrentQueries(session, first.asked, question.asked),
    );
  }

  /**
   * Renames a prepared statement: another logical client may give the same name to another text.
   * @returns what puts the app's name back into an error
   */
  #useOwnName(query: Named): ((error: Error) => void) | undefined {
    const { name, text } = query;
    if (!name || !(query instanceof pg.Query)) return undefined;
    this.#statements ??= new Map();
    let statement = this.#statements.get(name);
    if (!statement) {
      statement = { own: `savepoint_${String(++statementNames)}`, text };
      this.#statements.set(name, statement);
    }
    const { own } = statement;
    query.name = own;
    if (text) statement.text = text;
    else query.text = this.#preparedText(own) ?? statement.text;
    return (error) => {
      error.message = error.message.replace(own, name);
    };
  }

  /** What the driver has prepared under a name of ours; another text under this name was refused. */
  #preparedText(own: string): string | undefined {
    const real = this.#home.session.connection as unknown as LogicalConnection | undefined;
    return real?.parsedStatements[own];
  }

  /**
   * As the driver's own time-out, but that would also count the waiting for other clients, and would
   * have to stop the connection.
   */
  #limit(question: Question, millis: number): void {
    const { submission } = question;
    const callback = submission.callback ?? (() => undefined);
    let timer: NodeJS.Timeout | undefined;
    submission.callback = (error, result) => {
      clearTimeout(timer);
      callback.call(submission, error, result);
    };
    const start = () => {
      if (question.isAnswered) return;
      timer = setTimeout(() => {
        const error = new Error('Query read timeout');
        submission.callback = () => undefined;
        // Behind another one it was never sent.
        if (!question.hasBegun) question.abandon(error);
        else if (!question.isPlain) submission.handleError(error, undefined);
        callback.call(submission, error);
      }, millis);
    };
    if (this.#unanswered[0]?.hasBegun) start();
    else this.#onBegun = [...this.#onBegun, start];
  }

  override getTransactionStatus(): ServerStatus | null {
    if (!this.#inner._connected) return null;
    if (!this.transaction) return 'I';
    return this.transaction.aborted ? 'E' : 'T';
  }

  /** Whether a pool may hand it out again. */
  get isUsable(): boolean {
    return this.#inner._queryable && !this.#inner._ending;
  }

  hearNotice(notice: unknown): void {
    if (!this.#inner._ending) this.emit('notice', notice);
  }

  hearNotification(notification: Notification): void {
    if (!this.#inner._ended) this.emit('notification', notification);
  }

  get startSettings(): StartSettings {
    return startSettingsOf(this.#options);
  }

  get statementNames(): Iterable<string> {
    return this.#statements ? [...this.#statements.values()].map(({ own }) => own) : [];
  }

  /** There is no socket of its own that could keep the process alive. */
  ref(): void {}
  unref(): void {}
}

function isSubmission(config: unknown): config is Submission {
  return typeof (config as { submit?: unknown }).submit === 'function';
}

/** The stack of the socket says nothing; the one of the app's query does. So does `pg`. */
export function withStackOf(asked: () => Trace, error: Error): Error {
  const { frames } = asked();
  if (frames.length > 0)
    error.stack = [`${error.name}: ${error.message}`, ...frames].join('\n    ');
  return error;
}
