/**
 * The one real connection behind a sandbox: taken at the first question, used by one question at a
 * time, rolled back and given back at the end. Control statements are not sent by themselves but
 * ahead of the app's next statement, in the same message. Knows no SQL of the app's.
 */
import type pg from 'pg';
import { Notes } from '../notes.ts';
import type { Trace } from '../trace.ts';
import { RESERVED_PREFIX, type AppTransaction } from './app-transaction.ts';
import { waitsForItself } from './client-faults.ts';
import type { Fitness } from './connection-settings.ts';
import type { Notification } from './kept/notifications.ts';
import { SessionClients } from './kept/session-clients.ts';
import { STANDARD_MODES } from './default-modes.ts';
import { History } from './history.ts';
import type { Modes } from './modes-in-force.ts';
import { startSettingsOf, type StartSettings } from './kept/start-settings.ts';
import { mayGoOn } from './inside-transaction.ts';
import { Leftovers } from './leftovers.ts';
import { LockWaits } from './lock-waits.ts';
import type { Question } from './question.ts';
import type { Body, Control, Outcome } from './exchange.ts';
import type { RealConnection, ServerStatus } from './real-connection.ts';
import { connectionLost, unfinished, waitedInVain, type Ownership } from './refusals.ts';
import { answerQuestion } from './plain-answer.ts';
import { Reach, type Connections } from './reach.ts';
import { Turns, type Turn } from './turns.ts';
import { within } from './within.ts';

export type { Connections } from './reach.ts';

/** One logical client, as far as a session knows it. */
export interface Asker {
  /** The transaction it is in. */
  transaction: AppTransaction | undefined;
  hearNotice(notice: unknown): void;
  hearNotification(notification: Notification): void;
  /** Names of its prepared statements on the real connection. */
  readonly statementNames: Iterable<string>;
  /** What a connection of its pool begins with. */
  readonly startSettings: StartSettings;
}

/** One object, by which what it says is remembered. */
const NO_OPTIONS: pg.PoolConfig = {};

// Kept from before a test can mock the timers.
const { setTimeout } = globalThis;

/** How long a statement may wait for another client's transaction while the process has nothing to do. */
const PATIENCE_MILLIS = 5_000;
/** How long the end of a test waits to learn who is in the way of a statement that does not end. */
const FIND_MILLIS = 5_000;
/** How long a cancelled statement may take to stop. */
const CANCEL_MILLIS = 2_000;

/** Whether COMMIT may have to check anything. Asked by every sandbox: migrations may run in between. */
const HAS_DEFERRED_CONSTRAINTS =
  'SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE condeferred)';

/** Ends the transaction, and what a session keeps beyond it. */
const END = ['ROLLBACK', 'SELECT pg_catalog.pg_advisory_unlock_all()'];

/** How many sessions have begun and not ended. */
let openSessions = 0;

export class Session implements Ownership {
  readonly owner: string;
  readonly opened: Trace;
  /** What the test's author is told although it fails nothing. */
  readonly notes = new Notes();
  readonly #connections: Connections;
  readonly #turns: Turns<Asker>;
  readonly #reach: Reach;
  #lockWaits: LockWaits | undefined;
  /** Why nothing can be asked any more. */
  #spoilt: Error | undefined;
  #closed = false;
  /** The modes that transactions of the app begin with. */
  initialModes: Modes = STANDARD_MODES;
  #modes = STANDARD_MODES;
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
  #clients: SessionClients | undefined;
  readonly #startSettings: StartSettings;
  /** Who was served last, while nobody keeps anything. */
  #served: Asker | undefined;

  constructor(owner: string, opened: Trace, connections: Connections) {
    this.owner = owner;
    this.opened = opened;
    this.#connections = connections;
    this.#reach = new Reach(connections, this);
    this.#startSettings = startSettingsOf(connections.options ?? NO_OPTIONS);
    this.#turns = new Turns<Asker>({
      millis: PATIENCE_MILLIS,
      isWorking: ({ transaction }) =>
        transaction !== undefined && mayGoOn(transaction.begun, 'ever'),
      onStuck: ({ transaction }) => waitedInVain(this, transaction?.begun()),
    });
  }

  /** Whether anything was sent in the transaction around the test. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The modes of the transaction around the test. */
  get modes(): Modes {
    return this.#modes;
  }

  /** What each of its clients keeps beyond transactions. */
  get clients(): SessionClients {
    return (this.#clients ??= new SessionClients(this, this.#startSettings, this.#served));
  }

  /** The same, once one of them may keep something. */
  get clientsThatKeep(): SessionClients | undefined {
    return this.#clients;
  }

  /** Whether a transaction of the app's begins, and ends, with nothing but its savepoint. */
  get beginsPlainly(): boolean {
    return !this.history.modesChanged && !this.initialModes.readOnly && this.lasting.isEmpty;
  }

  /** What the server is answering. */
  get running(): { readonly asked: () => Trace } | undefined {
    return this.#turns.running;
  }

  get spoilt(): Error | undefined {
    if (this.#closed) this.#spoilt ??= new Error(`the sandbox of ${this.owner} is closed`);
    return this.#spoilt;
  }

  /** Why nobody waits for the server any more. */
  get #ended(): Error {
    return this.#spoilt ?? new Error(`${this.owner} ended`);
  }

  get #real(): RealConnection | undefined {
    return this.#reach.real;
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

  /** The real connection, if that takes no time. */
  get atHand(): RealConnection | undefined {
    return this.spoilt ? this.#real : this.#reach.atHand;
  }

  /** Whether the real connection was asked for, and is not there. */
  get isOnItsWay(): boolean {
    return this.#reach.isOnItsWay;
  }

  /** Takes the real connection, once. @throws the error of connecting, or what spoilt the session */
  async reach(): Promise<RealConnection> {
    if (this.spoilt) throw this.spoilt;
    return this.#reach.connection();
  }

  /** Makes the session a client's before its question. @returns as `SessionClients.serve` */
  serve(asker: Asker, question: Question): Promise<void> | undefined {
    return this.servesAlike(asker) ? undefined : this.clients.serve(asker, question);
  }

  /** The same, while its clients are all alike: none keeps anything. @returns whether they are */
  servesAlike(asker: Asker): boolean {
    if (this.#clients || this.#startSettings.size > 0 || asker.startSettings.size > 0) return false;
    this.#served = asker;
    return true;
  }

  /** Asks the server, in turn; the question hears the answer. */
  ask(asker: Asker, question: Question): void {
    this.#noticeLoss();
    this.#turns.take(new AskedQuestion(this, asker, question));
  }

  /** Sends something, behind all that was to be sent ahead of it. Once the connection is reached. */
  exchange(
    ahead: readonly Control[],
    body: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      this.send(ahead, body, onNotice, resolve);
    });
  }

  /** The same, with the outcome told at once. */
  send(
    ahead: readonly Control[],
    body: Body,
    onNotice: ((notice: unknown) => void) | undefined,
    onOutcome: (outcome: Outcome) => void,
  ): void {
    const real = this.#real;
    if (!real) throw new Error('nothing can be sent before the connection is reached');
    const control = ahead.length > 0 ? [...this.#pending, ...ahead] : this.#pending;
    this.#pending = [];
    if (!this.#begun) openSessions++;
    this.#begun = true;
    if (body.listener.name) this.#statements.add(body.listener.name);
    real.send(control, body, onNotice, onOutcome);
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
    // Nobody waits for the end of a transaction that is gone.
    const { holder } = this.#turns;
    if (holder) this.#turns.letGo(holder);
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
   * @returns a promise only where something has to be waited for
   * @throws what spoilt the session: a lost connection, a transaction that a statement ended, a
   *   statement that does not end
   */
  close(graceMillis: number): Promise<void> | undefined {
    const isQuiet = !this.#turns.running && !this.#reach.isOnItsWay;
    if (!isQuiet) return this.#closeInTime(graceMillis);
    this.#refuseWaiting();
    this.#end();
    return undefined;
  }

  async #closeInTime(graceMillis: number): Promise<void> {
    await this.#quiesce(graceMillis);
    await this.#reach.settled(graceMillis, () => this.#ended);
    this.#end();
  }

  #end(): void {
    this.#noticeLoss();
    this.#clients?.tellResidue();
    if (this.#real) this.#rollBack(this.#real);
    if (this.#spoilt) throw this.#spoilt;
    this.#closed = true;
  }

  #refuseWaiting(): void {
    this.#turns.refuseWaiting(({ asked }) => unfinished(this, asked));
  }

  /** A connection may go while nothing is asked; what the sandbox answers by itself would hide it. */
  #noticeLoss(): void {
    const lost = this.#real?.lost;
    if (lost) this.spoil(connectionLost(this, lost));
  }

  /** Nobody waits for the answer. */
  #rollBack(real: RealConnection): void {
    this.#lockWaits?.end();
    const spoilt = this.#spoilt;
    const giveBack = () => {
      this.#connections.giveBack(real.client, spoilt ?? real.lost);
    };
    if (!this.#begun || spoilt) {
      giveBack();
    } else {
      real.forget([...this.#statements, ...(this.#clients?.lastingStatements ?? [])]);
      // What is open elsewhere may wait for its locks.
      if (openSessions > 1 || !this.#connections.warm) {
        void real.exchange(END);
        giveBack();
      } else {
        this.#connections.warm.keep(real, END, giveBack);
      }
    }
    if (this.#begun) openSessions--;
  }

  /** Lets what was asked come to its end, for a while; refuses what can only wait. */
  async #quiesce(graceMillis: number): Promise<void> {
    const inTime =
      !this.#turns.running || (await within(this.graceLeft(graceMillis), this.#turns.idle()));
    this.#refuseWaiting();
    if (inTime) return;
    // A server under load takes its time to say who is in the way.
    if (this.#lockWaits)
      await within(FIND_MILLIS, Promise.race([this.#lockWaits.find(), this.#turns.idle()]));
    const { running } = this.#turns;
    if (!running) return;
    this.spoil(unfinished(this, running.asked, this.#lockWaits?.holders));
    // A server that only loses its client goes on with the statement, and keeps its locks.
    this.#real?.cancel();
    if (this.#real && (await within(CANCEL_MILLIS, this.#turns.idle()))) return;
    this.#reach.giveUp(this.#ended);
    await this.#turns.idle();
  }

  /** Called once the connection is there. */
  reached(real: RealConnection, { modes, opening }: Fitness): void {
    this.initialModes = modes;
    this.#modes = modes;
    // Nothing was sent yet: it comes right behind BEGIN.
    this.#pending.splice(1, 0, ...opening);
    this.#lockWaits = new LockWaits(this, real.client);
  }

  /** Answers a question in its turn. @param end called once, when that is done */
  answer(asker: Asker, question: Question, end: () => void): void {
    // It was given up while it waited, and the server must not hear of it.
    if (!question.begin()) {
      end();
      return;
    }
    const settle = (error?: Error) => {
      try {
        if (error) this.#fail(question, error);
        else question.complete(this.connection);
      } catch (thrown) {
        // By the app's own callback; uncaught, as in the driver, but not in the midst of the server's message.
        process.nextTick(() => {
          throw thrown;
        });
      }
      end();
    };
    this.#noticeLoss();
    if (this.atHand && !this.spoilt) answerQuestion(this, asker, question, settle);
    else
      this.reach().then(() => {
        answerQuestion(this, asker, question, settle);
      }, settle);
  }

  #fail(question: Question, error: Error): void {
    this.#noticeLoss();
    this.#lockWaits?.tellFailure(error);
    question.fail(error, this.connection);
  }
}

/** One question of a client in the line of its session. */
class AskedQuestion implements Turn<Asker> {
  readonly owner: Asker;
  readonly #session: Session;
  readonly #question: Question;

  constructor(session: Session, owner: Asker, question: Question) {
    this.owner = owner;
    this.#session = session;
    this.#question = question;
  }

  get asked(): () => Trace {
    return this.#question.asked;
  }

  run(end: () => void): void {
    this.#session.answer(this.owner, this.#question, end);
  }

  refuse(error: Error): void {
    this.#question.fail(error);
  }

  selfWait({ transaction }: Asker, atLast: boolean): Error | undefined {
    return waitsForItself(this.#session, transaction, this.#question, atLast);
  }
}
