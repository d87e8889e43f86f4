/**
 * The one real connection behind a sandbox: taken at the first question, used by one question at a
 * time, rolled back and given back at the end. Control statements are not sent by themselves but
 * ahead of the app's next statement, in the same message. Knows no SQL of the app's.
 */
import type pg from 'pg';
import { openShared } from '../ambient-test.ts';
import { Notes } from '../notes.ts';
import type { Trace } from '../trace.ts';
import { RESERVED_PREFIX, type AppTransaction } from './app-transaction.ts';
import { waitsForItself } from './client-faults.ts';
import type { Notification } from './kept/notifications.ts';
import { SessionClients } from './kept/session-clients.ts';
import { DEFAULT_MODES, readDefaultModes, STANDARD_MODES } from './default-modes.ts';
import { History } from './history.ts';
import type { Modes } from './modes-in-force.ts';
import { startSettingsOf, type StartSettings } from './kept/start-settings.ts';
import { Leftovers } from './leftovers.ts';
import { LOCK_TIMEOUT_MILLIS, LockWaits } from './lock-waits.ts';
import type { Question } from './question.ts';
import {
  RealConnection,
  type Body,
  type Control,
  type Outcome,
  type ServerStatus,
} from './real-connection.ts';
import { connectionLost, unfinished, waitedInVain, type Ownership } from './refusals.ts';
import type { IsolationLevel } from './statements.ts';
import { Script } from './script.ts';
import { Turns } from './turns.ts';
import { within } from './within.ts';

/** Where a session gets its connection. */
export interface Connections {
  readonly checkout: () => Promise<pg.PoolClient>;
  /** @param error set when the connection must not be used again */
  readonly giveBack: (client: pg.PoolClient, error?: Error) => void;
  /** What the connections were made with. */
  readonly options?: pg.PoolConfig | undefined;
}

/** One logical client, as far as a session knows it. */
export interface Asker {
  /** The transaction it is in. */
  transaction: AppTransaction | undefined;
  hearNotice(notice: unknown): void;
  hearNotification(notification: Notification): void;
  /** Set while it is out of its pool. */
  readonly taken: unknown;
  /** Names of its prepared statements on the real connection. */
  readonly statementNames: Iterable<string>;
  /** What a connection of its pool begins with. */
  readonly startSettings: StartSettings;
}

// Kept from before a test can mock the timers.
const { setTimeout } = globalThis;

/** One object, by which what it says is remembered. */
const NO_OPTIONS: pg.PoolConfig = {};

/** How long a statement may wait for another client's transaction in which nothing happens. */
const PATIENCE_MILLIS = 5_000;
/** How long a cancelled statement may take to stop. */
const CANCEL_MILLIS = 2_000;

/**
 * A server whose client was killed would go on with its statement, and keep its locks, until it has
 * something to say. Servers on Windows, and those before version 14, cannot look.
 */
const NOTICE_LOST_CLIENTS = `CASE WHEN current_setting('client_connection_check_interval', true) = '0'
    AND version() !~* 'windows|mingw|visual c' THEN set_config('client_connection_check_interval', '1000', false) END`;

/**
 * Makes a connection fit for sandboxes, once: they are idle in transaction while a test thinks.
 * Answers the level of its transactions.
 */
const PREPARE = `SELECT ${DEFAULT_MODES},
  set_config('idle_in_transaction_session_timeout', '0', false),
  ${NOTICE_LOST_CLIENTS},
  CASE WHEN current_setting('lock_timeout') = '0' THEN set_config('lock_timeout', '${String(LOCK_TIMEOUT_MILLIS)}', false) END,
  CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL THEN set_config('transaction_timeout', '0', false) END`;

/** Whether COMMIT may have to check anything. Asked by every sandbox: migrations may run in between. */
const HAS_DEFERRED_CONSTRAINTS =
  'SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE condeferred)';

/** Ends the transaction, and what a session keeps beyond it. */
const END = ['ROLLBACK', 'SELECT pg_catalog.pg_advisory_unlock_all()'];

/** The modes that a connection's transactions begin with, once it is prepared. */
const modesOf = new WeakMap<RealConnection, Promise<Modes>>();

/** How many sessions have begun and not ended. */
let openSessions = 0;

export class Session implements Ownership {
  readonly owner: string;
  readonly opened: Trace;
  /** What the test's author is told although it fails nothing. */
  readonly notes = new Notes();
  readonly #connections: Connections;
  readonly #turns: Turns<Asker>;
  #reaching: Promise<RealConnection> | undefined;
  #preparing: RealConnection | undefined;
  #giveUpReaching: (reason: Error) => void = ignore;
  #real: RealConnection | undefined;
  #lockWaits: LockWaits | undefined;
  /** Why nothing can be asked any more. */
  #spoilt: Error | undefined;
  /** The modes that transactions of the app begin with. */
  initialModes: Modes = STANDARD_MODES;
  #isolation = STANDARD_MODES.isolation;
  /** What the app did that later statements are judged by. */
  readonly history = new History();
  /** Whether the database may have constraints that are checked at COMMIT. */
  checksConstraints = false;
  /** Sent ahead of the next statement. */
  #pending: Control[] = [
    // Whatever the default is: inside, READ ONLY can be had, and READ WRITE cannot.
    'BEGIN READ WRITE',
    { sql: HAS_DEFERRED_CONSTRAINTS, onRow: ([has]) => (this.checksConstraints ||= has === 't') },
  ];
  /** The prepared statements of its clients. */
  readonly #statements = new Set<string>();
  #begun = false;
  /** What every transaction's end empties, once a transaction has made it. */
  readonly lasting = new Leftovers();
  /** What each of its clients keeps beyond transactions. */
  readonly clients: SessionClients;

  constructor(owner: string, opened: Trace, connections: Connections) {
    this.owner = owner;
    this.opened = opened;
    this.#connections = connections;
    this.clients = new SessionClients(this, startSettingsOf(connections.options ?? NO_OPTIONS));
    this.#turns = new Turns<Asker>(PATIENCE_MILLIS, (holder) =>
      waitedInVain(this, holder.transaction?.begun(), PATIENCE_MILLIS),
    );
  }

  /** Whether anything was sent in the transaction around the test. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The level of the transaction around the test. */
  get isolation(): IsolationLevel {
    return this.#isolation;
  }

  /** What the server is answering. */
  get running(): { readonly asked: () => Trace } | undefined {
    return this.#turns.running;
  }

  get spoilt(): Error | undefined {
    return this.#spoilt;
  }

  /** What the server said last about its transaction. */
  get serverStatus(): ServerStatus | undefined {
    return this.#real?.status;
  }

  get connection(): pg.Connection | undefined {
    return this.#real?.client.connection;
  }

  /** The number of the server's process, which is that of every client. */
  get processId(): number {
    return this.#real?.processId ?? 0;
  }

  /** Takes the real connection, once. @throws the error of connecting, or what spoilt the session */
  async reach(): Promise<RealConnection> {
    if (this.#spoilt) throw this.#spoilt;
    return (this.#reaching ??= this.#connect());
  }

  /** Asks the server, in turn; the question hears the answer. */
  ask(asker: Asker, question: Question): void {
    this.#turns.take({
      owner: asker,
      asked: question.asked,
      refuse: (error) => {
        question.fail(error);
      },
      selfWait: (holder) => waitsForItself(this, holder.transaction, question),
      run: () => this.#answer(asker, question),
    });
  }

  /** Sends something, behind all that was to be sent ahead of it. */
  async exchange(
    ahead: readonly Control[],
    body: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    const real = this.#real ?? (await this.reach());
    const control = [...this.#pending, ...ahead];
    this.#pending = [];
    if (!this.#begun) openSessions++;
    this.#begun = true;
    if (body.listener.name) this.#statements.add(body.listener.name);
    const outcome = await real.exchange(control, body, onNotice);
    if (outcome.is === 'lost') this.spoil(connectionLost(this, outcome.error));
    return outcome;
  }

  /** Has statements of ours sent ahead of whatever is sent next. */
  sendLater(...statements: readonly Control[]): void {
    this.#pending.push(...statements);
  }

  /** From now on only this client is served: it is in a transaction. */
  hold(asker: Asker): void {
    this.#turns.hold(asker);
  }

  /** Takes a client out of its transaction. */
  letGo(asker: Asker): void {
    asker.transaction = undefined;
    this.#turns.letGo(asker);
  }

  /** What a client that hung up left running is stopped unless it ends soon: others wait behind it. */
  stopRunning(): void {
    const { running } = this.#turns;
    const afterwards = (stop: () => void) =>
      setTimeout(() => {
        if (this.#turns.running === running) stop();
      }, CANCEL_MILLIS).unref();
    afterwards(() => {
      this.#real?.cancel();
      afterwards(() => {
        const reason = 'a statement that was given up goes on, and cannot be cancelled';
        this.spoil(connectionLost(this, new Error(reason)));
        this.#real?.destroy();
      });
    });
  }

  /** Nothing can be asked any more. The first reason stays. */
  spoil(error: Error): void {
    this.#spoilt ??= error;
  }

  /** Opens a level that can be rolled back by itself. */
  openLevel(name: string): void {
    this.clients.openLevel();
    this.sendLater(`SAVEPOINT ${RESERVED_PREFIX}${name}`);
  }

  /**
   * Rolls back everything since the level was opened, and ends the transactions of its clients.
   * @throws what spoilt the session meanwhile
   */
  async closeLevel(name: string, askers: Iterable<Asker>, graceMillis: number): Promise<void> {
    await this.#quiesce(graceMillis);
    for (const asker of askers) this.letGo(asker);
    this.clients.closeLevel([...askers]);
    const savepoint = `${RESERVED_PREFIX}${name}`;
    this.sendLater(`ROLLBACK TO SAVEPOINT ${savepoint}`, `RELEASE SAVEPOINT ${savepoint}`);
    if (this.#spoilt) throw this.#spoilt;
  }

  /** How long what is running may still take, of a time at the end of a test: what hangs has had it. */
  graceLeft(graceMillis: number): number {
    return Math.max(0, graceMillis - (this.#lockWaits?.runningMillis ?? 0));
  }

  /**
   * Rolls everything back and gives the connection back. Never waits for long.
   * @param graceMillis how long what is still running may take
   * @throws what spoilt the session: a lost connection, a transaction that a statement ended, a
   *   statement that does not end
   */
  async close(graceMillis: number): Promise<void> {
    await this.#quiesce(graceMillis);
    const real = await this.#reached(graceMillis);
    this.#noticeLoss();
    this.clients.tellResidue();
    if (real) this.#rollBack(real);
    if (this.#spoilt) throw this.#spoilt;
    this.spoil(new Error(`the sandbox of ${this.owner} is closed`));
  }

  /** A connection may go while nothing is asked; what the sandbox answers by itself would hide it. */
  #noticeLoss(): void {
    const lost = this.#real?.lost;
    if (lost) this.spoil(connectionLost(this, lost));
  }

  /** Nobody waits for the answer: it goes with the first message of the next sandbox, if that comes at once. */
  #rollBack(real: RealConnection): void {
    if (this.#begun) openSessions--;
    if (this.#begun && !this.#spoilt) {
      real.forget([...this.#statements, ...this.clients.lastingStatements]);
      real.owe(END, { atOnce: openSessions > 0 });
    }
    this.#lockWaits?.end();
    this.#connections.giveBack(real.client, this.#spoilt);
  }

  /** Lets what was asked come to its end, for a while; refuses what can only wait. */
  async #quiesce(graceMillis: number): Promise<void> {
    const inTime = await within(this.graceLeft(graceMillis), this.#turns.idle());
    this.#turns.refuseWaiting(({ asked }) => unfinished(this, asked));
    const { running } = this.#turns;
    if (inTime || !running) return;
    this.spoil(unfinished(this, running.asked, this.#lockWaits?.holders));
    // A server that only loses its client goes on with the statement, and keeps its locks.
    this.#real?.cancel();
    if (this.#real && (await within(CANCEL_MILLIS, this.#turns.idle()))) return;
    this.#giveUp();
    await this.#turns.idle();
  }

  /** The connection, if it was asked for and comes in time. */
  async #reached(graceMillis: number): Promise<RealConnection | undefined> {
    if (this.#real || !this.#reaching) return this.#real;
    const reaching = this.#reaching.catch(() => undefined);
    const inTime = await within(
      graceMillis,
      reaching.then(() => undefined),
    );
    if (!inTime) this.#giveUp();
    return reaching;
  }

  /** Has everything that still waits for the server fail. */
  #giveUp(): void {
    (this.#real ?? this.#preparing)?.destroy();
    this.#giveUpReaching(this.#spoilt ?? new Error(`${this.owner} ended`));
  }

  async #connect(): Promise<RealConnection> {
    const taken = this.#take();
    const givenUp = new Promise<never>((_, reject) => (this.#giveUpReaching = reject));
    try {
      this.#real = await Promise.race([taken, givenUp]);
    } catch (error) {
      // A server that was not there may be there the next time.
      this.#reaching = undefined;
      // Nobody waits for it any more.
      taken.then(({ client }) => {
        this.#connections.giveBack(client);
      }, ignore);
      throw error;
    }
    this.#lockWaits = new LockWaits(this, this.#real.client);
    return this.#real;
  }

  async #take(): Promise<RealConnection> {
    // The connection serves whoever asks later; it is not the first asker's own.
    const client = await openShared(() => this.#connections.checkout());
    return this.#prepare((this.#preparing = RealConnection.of(client)));
  }

  async #prepare(real: RealConnection): Promise<RealConnection> {
    try {
      const modes = modesOf.get(real) ?? prepare(real);
      modesOf.set(real, modes);
      this.initialModes = await modes;
      this.#isolation = this.initialModes.isolation;
      return real;
    } catch (error) {
      this.#connections.giveBack(real.client, error as Error);
      throw error;
    }
  }

  /** Rejects when the app's own callback throws, as it would be uncaught in the driver. */
  async #answer(asker: Asker, question: Question): Promise<void> {
    // It was given up while it waited, and the server must not hear of it.
    if (!question.begin()) return;
    const failure = await this.#failureOf(asker, question);
    if (failure) {
      this.#lockWaits?.tellFailure(failure);
      question.fail(failure, this.connection);
    } else {
      question.complete(this.connection);
    }
  }

  async #failureOf(asker: Asker, question: Question): Promise<Error | undefined> {
    try {
      this.#noticeLoss();
      if (!this.#real || this.#spoilt) await this.reach();
      await new Script(this, asker, question).run();
      return undefined;
    } catch (error) {
      return error as Error;
    }
  }
}

async function prepare(real: RealConnection): Promise<Modes> {
  const [row = []] = await real.rows(PREPARE);
  return readDefaultModes(row);
}

function ignore(): void {
  // What comes late has nobody to hear it.
}
