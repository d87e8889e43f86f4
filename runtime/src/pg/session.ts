/**
 * One real connection behind a sandbox, and the translation of what the app says into what the
 * server is sent: the app's transactions become savepoints of the one transaction around the test.
 * Control statements are not sent by themselves but ahead of the app's next statement, in the same
 * message. Knows no pool and no test runner.
 */
import type pg from 'pg';
import { openShared } from '../ambient-test.ts';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import { AppTransaction, RESERVED_PREFIX } from './app-transaction.ts';
import { CHECK_CONSTRAINTS, Leftovers } from './leftovers.ts';
import type { Question } from './question.ts';
import { RealConnection, type Body, type Outcome, type ServerStatus } from './real-connection.ts';
import {
  alreadyInTransactionWarning,
  noTransactionWarning,
  onlyInTransactionBlocks,
  onlyInTransactionBlocksWarning,
} from './server-answers.ts';
import {
  ISOLATION_LEVELS,
  statementsOf,
  type IsolationLevel,
  type Statement,
  type TransactionModes,
} from './statements.ts';
import { Turns } from './turns.ts';

/** Where a session gets its connection. */
export interface Connections {
  checkout(): Promise<pg.PoolClient>;
  /** @param error set when the connection must not be used again */
  giveBack(client: pg.PoolClient, error?: Error): void;
}

/** One logical client, as far as a session knows it. */
export interface Asker {
  /** The transaction it is in. */
  transaction: AppTransaction | undefined;
  hearNotice(notice: unknown): void;
}

/** Why nothing can be asked any more. */
type Fate = { readonly is: 'usable' } | { readonly is: 'spoilt'; readonly error: Error };

/** How long a statement may wait for another client's transaction in which nothing happens. */
const PATIENCE_MILLIS = 5_000;
/** How long statements that are still running may take when the sandbox closes. */
const GRACE_MILLIS = 2_000;

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

/** `isolation` of the transaction around the test, and whether anything is INITIALLY DEFERRED. */
const PROBE = `SELECT current_setting('transaction_isolation'), EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE condeferred),
  set_config('idle_in_transaction_session_timeout', '0', false),
  CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL THEN set_config('transaction_timeout', '0', false) END`;

export class Session {
  /** The test, for messages: `test "x"`. */
  readonly owner: string;
  readonly opened: Trace;
  readonly #connections: Connections;
  readonly #turns: Turns<Asker>;
  #reaching: Promise<RealConnection> | undefined;
  #real: RealConnection | undefined;
  #fate: Fate = { is: 'usable' };
  #isolation: IsolationLevel = 'read committed';
  #checksConstraints = false;
  /** Sent ahead of the next statement. */
  #pending: string[] = ['BEGIN'];
  #begun = false;
  #lasting = new Leftovers();

  constructor(owner: string, opened: Trace, connections: Connections) {
    this.owner = owner;
    this.opened = opened;
    this.#connections = connections;
    this.#turns = new Turns<Asker>(PATIENCE_MILLIS, (_, holder) => this.#stuck(holder));
  }

  /** What the app is told about its transaction. */
  statusOf(asker: Asker): ServerStatus {
    if (!asker.transaction) return 'I';
    return asker.transaction.aborted ? 'E' : 'T';
  }

  /** Whether the transaction around the test has been opened. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The real client's process id, once there is one. */
  get processId(): number | null {
    return (this.#real?.client as { processID?: number } | undefined)?.processID ?? null;
  }

  /** Takes the real connection, once. @throws the error of connecting, or what spoilt the session */
  async reach(): Promise<RealConnection> {
    if (this.#fate.is === 'spoilt') throw this.#fate.error;
    return (this.#reaching ??= this.#connect());
  }

  /** Asks the server; the question hears the answer. */
  ask(asker: Asker, question: Question): void {
    this.#turns.take({
      owner: asker,
      asked: question.asked,
      refuse: (error) => {
        question.fail(error);
      },
      run: async () => {
        try {
          await this.#answer(asker, question);
        } catch (error) {
          question.fail(error as Error, this.#real?.client.connection);
        }
      },
    });
  }

  /** Opens a level that can be rolled back by itself; waits for what runs. */
  openLevel(name: string): void {
    this.#pending.push(`SAVEPOINT ${RESERVED_PREFIX}${name}`);
  }

  /**
   * Rolls back everything since the level was opened, and ends the transactions of its clients.
   * @throws what spoilt the session meanwhile
   */
  async closeLevel(name: string, askers: Iterable<Asker>): Promise<void> {
    await this.#quiesce();
    for (const asker of askers) this.#endTransaction(asker);
    const savepoint = `${RESERVED_PREFIX}${name}`;
    this.#pending.push(`ROLLBACK TO SAVEPOINT ${savepoint}`, `RELEASE SAVEPOINT ${savepoint}`);
    if (this.#fate.is === 'spoilt') throw this.#fate.error;
  }

  /**
   * Rolls everything back and gives the connection back. Never waits for long.
   * @throws what spoilt the session: a lost connection, a transaction that a statement ended, a statement that does not end
   */
  async close(): Promise<void> {
    const real = await this.#reaching?.catch(() => undefined);
    await this.#quiesce();
    const failure = await this.#rollBack(real);
    if (this.#fate.is === 'usable') {
      this.#fate = { is: 'spoilt', error: new Error(`the sandbox of ${this.owner} is closed`) };
      return;
    }
    if (failure) throw failure;
  }

  async #rollBack(real: RealConnection | undefined): Promise<Error | undefined> {
    if (!real) return undefined;
    const ended =
      this.#fate.is === 'usable' && this.#begun ? await real.exchange([END]) : undefined;
    const failure = this.#fate.is === 'spoilt' ? this.#fate.error : undefined;
    real.detach();
    const unfit = failure ?? (ended && ended.is !== 'done' ? ended.error : undefined);
    const dirty =
      real.status === 'I' ? undefined : new Error('the connection is still in a transaction');
    this.#connections.giveBack(real.client, unfit ?? dirty);
    return unfit;
  }

  /** Lets what was asked come to its end, for a while; refuses what can only wait. */
  async #quiesce(): Promise<void> {
    const inTime = await within(GRACE_MILLIS, this.#turns.idle());
    this.#turns.refuseWaiting(({ asked }) => this.#lateError(asked));
    const { running } = this.#turns;
    if (inTime || !running) return;
    this.#spoil(this.#lateError(running.asked));
    // A server that only loses its client goes on with the statement, and keeps its locks.
    this.#real?.cancel();
    if (await within(GRACE_MILLIS, this.#turns.idle())) return;
    this.#real?.destroy();
    await this.#turns.idle();
  }

  #lateError(asked: () => Trace): Error {
    return new HazardError('no-late-activity', {
      happened: `A statement was still waiting for the database when ${this.owner} ended.`,
      acquired: this.opened,
      used: asked(),
    });
  }

  async #connect(): Promise<RealConnection> {
    let client: pg.PoolClient;
    try {
      // The connection serves whoever asks later; it is not the first asker's own.
      client = await openShared(() => this.#connections.checkout());
    } catch (error) {
      // A server that was not there may be there the next time.
      this.#reaching = undefined;
      throw error;
    }
    const real = new RealConnection(client);
    this.#real = real;
    const [[isolation, deferred] = []] = await real.rows(PROBE).catch((error: unknown) => {
      real.detach();
      this.#connections.giveBack(client, error as Error);
      this.#reaching = undefined;
      throw error;
    });
    this.#isolation = ISOLATION_LEVELS.find((level) => level === isolation) ?? 'read committed';
    this.#checksConstraints = deferred === 't';
    return real;
  }

  // ---- one question

  async #answer(asker: Asker, question: Question): Promise<void> {
    const real = await this.reach();
    const { connection } = real.client;
    const statements = question.text === undefined ? [] : statementsOf(question.text);
    const [only] = statements;
    const script = new Script(asker, question, statements.length > 1);
    try {
      if (!question.isPlain) refuseControl(statements);
      if (only && statements.length === 1) await this.#perform(script, only);
      else if (statements.length === 0 || question.isExtended) await this.#send(script, statements);
      else await this.#performAll(script, statements);
    } catch (error) {
      script.failure = error as Error;
    }
    const failure = script.failure ? this.#undoImplicit(script) : await this.#endImplicit(script);
    if (failure) question.fail(failure, connection);
    else question.complete(connection);
  }

  async #perform(script: Script, statement: Statement): Promise<void> {
    const answer = await this.#emulate(script, statement);
    if (answer === SEND) await this.#send(script, [statement]);
    else this.#answerTag(script, answer);
  }

  /** A text of several statements: the server runs what stands between transaction statements as one. */
  async #performAll(script: Script, statements: readonly Statement[]): Promise<void> {
    let together: Statement[] = [];
    for (const statement of statements) {
      if (!controlsTransaction(statement)) {
        together.push(statement);
        continue;
      }
      await this.#sendPart(script, together);
      together = [];
      if (script.failure) return;
      const answer = await this.#emulate(script, statement);
      if (answer === SEND) await this.#sendPart(script, [statement]);
      else this.#answerTag(script, answer);
      if (script.failure) return;
    }
    await this.#sendPart(script, together);
  }

  #answerTag({ question }: Script, tag: string): void {
    question.commandDone(tag, this.#real?.client.connection);
  }

  async #sendPart(script: Script, statements: readonly Statement[]): Promise<void> {
    const [first] = statements;
    const last = statements.at(-1);
    if (!first || !last) return;
    const { text = '' } = script.question;
    const whole = first.fragment.start === 0 && last.fragment.end === text.length;
    // Blanks keep the positions in the server's errors right; it counts characters, not UTF-16 units.
    const ahead = ' '.repeat([...text.slice(0, first.fragment.start)].length);
    await this.#send(
      script,
      statements,
      whole ? text : ahead + text.slice(first.fragment.start, last.fragment.end),
    );
  }

  /** Sends statements that need no translation, in the app's transaction or one of their own. */
  async #send(script: Script, statements: readonly Statement[], text?: string): Promise<void> {
    const { asker, question } = script;
    const transaction = asker.transaction ?? this.#openImplicit(script);
    const notes = transaction.aborted
      ? []
      : statements.flatMap((statement) => transaction.leftovers.note(statement, question.values));
    if (transaction.leftovers.schemaChanged) this.#checksConstraints = true;
    transaction.touched = true;
    const outcome = await this.#exchange(
      notes,
      {
        listener: question.submission,
        ...(text === undefined ? {} : { text }),
        onError: question.isPlain
          ? undefined
          : (error) => {
              question.fail(error, this.#real?.client.connection);
            },
      },
      (notice) => {
        asker.hearNotice(notice);
      },
    );
    this.#judge(script, transaction, outcome);
  }

  #judge(script: Script, transaction: AppTransaction, outcome: Outcome): void {
    const real = this.#real;
    if (outcome.is === 'lost') {
      this.#spoil(this.#lostError(outcome.error));
      script.failure = outcome.error;
      return;
    }
    if (outcome.is === 'control failed' || real?.status === 'I') {
      const cause = outcome.is === 'done' ? undefined : outcome.error;
      script.failure = this.#escaped(script.question, cause);
      this.#spoil(script.failure);
      return;
    }
    if (outcome.is === 'failed') {
      script.failure = withFirstError(outcome.error, transaction.firstError);
    }
    if (real?.status === 'E')
      transaction.firstError ??= script.failure ?? new Error('the transaction failed');
    else transaction.firstError = undefined;
  }

  async #exchange(
    ahead: readonly string[],
    body?: Body,
    onNotice?: (notice: unknown) => void,
  ): Promise<Outcome> {
    const real = await this.reach();
    const control = [...this.#pending, ...ahead];
    this.#pending = [];
    this.#begun = true;
    return real.exchange(control, body, onNotice);
  }

  // ---- transactions

  #openImplicit(script: Script): AppTransaction {
    if (!script.implicit) {
      script.implicit = new AppTransaction({}, script.question.asked);
      this.#pending.push(...script.implicit.open());
    }
    return script.implicit;
  }

  /** Commits what was sent outside of a transaction. @returns the error of a deferred constraint */
  async #endImplicit(script: Script): Promise<Error | undefined> {
    const { implicit } = script;
    script.implicit = undefined;
    return implicit && this.#commit(implicit);
  }

  #undoImplicit({ implicit, failure }: Script): Error | undefined {
    if (implicit) this.#pending.push(...implicit.rollback());
    return failure;
  }

  #begin(script: Script, modes: TransactionModes): void {
    const { asker, question, implicit } = script;
    if (implicit) {
      // In one text, BEGIN takes over what was sent before it.
      asker.transaction = implicit;
      script.implicit = undefined;
    } else {
      asker.transaction = new AppTransaction(modes, question.asked);
      this.#pending.push(...asker.transaction.open());
    }
    this.#turns.hold(asker);
  }

  /** @returns the error that the COMMIT ends with; the transaction is then rolled back */
  async #commit(transaction: AppTransaction): Promise<Error | undefined> {
    if (this.#fate.is === 'spoilt') return undefined;
    const failure = transaction.aborted ? undefined : await this.#checkConstraints(transaction);
    if (transaction.aborted || failure) {
      this.#pending.push(...transaction.rollback());
      return failure;
    }
    this.#pending.push(...transaction.commit(), ...this.#lasting.tidy());
    this.#lasting.inherit(transaction.leftovers.lasting);
    return undefined;
  }

  async #checkConstraints(transaction: AppTransaction): Promise<Error | undefined> {
    const due = this.#checksConstraints || transaction.leftovers.constraintsChanged;
    if (!due || !transaction.touched) return undefined;
    const outcome = await this.#exchange([], { text: CHECK_CONSTRAINTS, listener: UNHEARD });
    if (outcome.is === 'done') return undefined;
    if (outcome.is === 'failed') return outcome.error;
    const lost = this.#lostError(outcome.error);
    this.#spoil(lost);
    return lost;
  }

  #endTransaction(asker: Asker): AppTransaction | undefined {
    const { transaction } = asker;
    asker.transaction = undefined;
    this.#turns.letGo(asker);
    return transaction;
  }

  // ---- the statements that the server must not see as they are

  /** Does what a statement asks for. @returns its command tag, or SEND when the server is to answer it as it stands */
  async #emulate(script: Script, statement: Statement): Promise<string | typeof SEND> {
    switch (statement.kind) {
      case 'begin':
        return this.#emulateBegin(script, statement.word, statement.modes);
      case 'commit':
      case 'rollback':
        return this.#emulateEnd(script, statement.kind, statement.chain);
      case 'savepoint':
      case 'release':
      case 'rollback to':
        return this.#passSavepoint(script, statement.kind, statement.name);
      case 'set transaction':
        return this.#emulateSetTransaction(script, statement.modes);
      case 'set snapshot':
        throw this.#refusedConcurrency(
          script,
          'a snapshot of another transaction (SET TRANSACTION SNAPSHOT)',
        );
      case 'prepare transaction':
        throw this.#refusedStatement(script, 'PREPARE TRANSACTION');
      case 'non-transactional':
        if (!this.#inBlock(script)) throw this.#refusedStatement(script, statement.command);
        return SEND;
      case 'block only':
        if (!this.#inBlock(script)) throw onlyInTransactionBlocks(statement.command);
        return SEND;
      case 'set constraints':
      case 'set local':
        if (!this.#inBlock(script))
          script.asker.hearNotice(onlyInTransactionBlocksWarning(statement.kind.toUpperCase()));
        return SEND;
      case 'set session':
      case 'ordinary':
        return SEND;
    }
  }

  /** Whether the server would see the statement inside a transaction block; several in one text are one. */
  #inBlock({ asker, several }: Script): boolean {
    return asker.transaction !== undefined || several;
  }

  #emulateBegin(script: Script, word: string, modes: TransactionModes): string | typeof SEND {
    const { asker } = script;
    if (asker.transaction?.aborted) return SEND;
    this.#refuseStronger(script, modes);
    if (asker.transaction) asker.hearNotice(alreadyInTransactionWarning());
    else this.#begin(script, modes);
    return word;
  }

  async #emulateEnd(script: Script, kind: 'commit' | 'rollback', chain: boolean): Promise<string> {
    const { asker } = script;
    if (!asker.transaction) return this.#emulateIdleEnd(script, kind, chain);
    const transaction = this.#endTransaction(asker);
    const commits = kind === 'commit' && transaction?.aborted === false;
    if (commits) script.failure = await this.#commit(transaction);
    else if (transaction) this.#pending.push(...transaction.rollback());
    if (script.failure) throw script.failure;
    if (chain && transaction) this.#begin(script, transaction.modes);
    return commits ? 'COMMIT' : 'ROLLBACK';
  }

  async #emulateIdleEnd(
    script: Script,
    kind: 'commit' | 'rollback',
    chain: boolean,
  ): Promise<string> {
    const tag = kind.toUpperCase();
    if (chain) throw onlyInTransactionBlocks(`${tag} AND CHAIN`);
    script.asker.hearNotice(noTransactionWarning());
    const { implicit } = script;
    if (implicit && kind === 'rollback') {
      script.implicit = undefined;
      this.#pending.push(...implicit.rollback());
      return tag;
    }
    const failure = await this.#endImplicit(script);
    if (failure) throw failure;
    return tag;
  }

  #passSavepoint(
    { asker }: Script,
    kind: 'savepoint' | 'release' | 'rollback to',
    name: string,
  ): typeof SEND {
    if (!asker.transaction) throw onlyInTransactionBlocks(SAVEPOINT_COMMANDS[kind]);
    if (name.startsWith(RESERVED_PREFIX)) {
      throw new SetupError(
        'ERR_SAVEPOINT_RESERVED_NAME',
        `savepoint names that begin with ${RESERVED_PREFIX} are savepoint's own`,
      );
    }
    return SEND;
  }

  async #emulateSetTransaction(
    script: Script,
    modes: TransactionModes,
  ): Promise<string | typeof SEND> {
    const { asker } = script;
    if (asker.transaction?.aborted) return SEND;
    if (!asker.transaction) {
      asker.hearNotice(onlyInTransactionBlocksWarning('SET TRANSACTION'));
      return 'SET';
    }
    this.#refuseStronger(script, modes);
    if (modes.readOnly === undefined) return 'SET';
    const text = `SET TRANSACTION READ ${modes.readOnly ? 'ONLY' : 'WRITE'}`;
    const outcome = await this.#exchange([], { text, listener: UNHEARD });
    this.#judge(script, asker.transaction, outcome);
    if (script.failure) throw script.failure;
    return 'SET';
  }

  // ---- refusals

  /** A weaker level than the outer transaction has is granted by it; a stronger one it cannot become. */
  #refuseStronger(script: Script, { isolation, deferrable, readOnly }: TransactionModes): void {
    if (
      isolation &&
      ISOLATION_LEVELS.indexOf(isolation) > ISOLATION_LEVELS.indexOf(this.#isolation)
    ) {
      throw this.#refusedConcurrency(
        script,
        `ISOLATION LEVEL ${isolation.toUpperCase()} (it has ${this.#isolation.toUpperCase()})`,
      );
    }
    if (deferrable && readOnly && isolation === 'serializable')
      throw this.#refusedConcurrency(script, 'DEFERRABLE');
  }

  #refusedConcurrency({ question }: Script, wanted: string): HazardError {
    return new HazardError('no-sandboxed-concurrency-test', {
      values: { test: this.owner, wanted },
      acquired: this.opened,
      used: question.asked(),
    });
  }

  #refusedStatement({ question }: Script, statement: string): HazardError {
    return new HazardError('no-non-transactional-ddl', {
      values: { test: this.owner, statement },
      acquired: this.opened,
      used: question.asked(),
      remedy: `Give this test a database of its own: ${statement} needs one, or belongs in the migrations. Nothing was sent.`,
    });
  }

  #escaped(question: Question, cause: Error | undefined): HazardError {
    return new HazardError('no-nested-begin', {
      values: {
        test: this.owner,
        statement: oneLine(question.text ?? 'a statement without a text'),
      },
      acquired: this.opened,
      used: question.asked(),
      cause,
    });
  }

  #lostError(reason: Error): Error {
    const said = `The database connection of ${this.owner} was lost: ${reason.message}`;
    return new SetupError('ERR_SAVEPOINT_CONNECTION_LOST', said, { cause: reason });
  }

  #stuck(holder: Asker): Error {
    const begun = holder.transaction?.begun().place;
    const where = begun ? ` (${formatPlace(begun)})` : '';
    return new SetupError(
      'ERR_SAVEPOINT_TRANSACTION_WAIT',
      `A statement of ${this.owner} waited ${String(PATIENCE_MILLIS / 1000)} s for a transaction${where} in which nothing happened. ` +
        'All clients of a sandbox share one connection, so one transaction waits for the other. ' +
        'Inside a transaction, use its own client for every statement; outside, end it with COMMIT or ROLLBACK.',
    );
  }

  #spoil(error: Error): void {
    if (this.#fate.is === 'usable') this.#fate = { is: 'spoilt', error };
  }
}

/** One question while it is answered. */
class Script {
  readonly asker: Asker;
  readonly question: Question;
  /** Whether its text holds several statements, which the server runs in one transaction. */
  readonly several: boolean;
  /** The transaction of the statements outside of a block. */
  implicit: AppTransaction | undefined;
  failure: Error | undefined;

  constructor(asker: Asker, question: Question, several: boolean) {
    this.asker = asker;
    this.question = question;
    this.several = several;
  }
}

const SEND = Symbol('send');

const END = 'ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all(); DEALLOCATE ALL';

const SAVEPOINT_COMMANDS = {
  savepoint: 'SAVEPOINT',
  release: 'RELEASE SAVEPOINT',
  'rollback to': 'ROLLBACK TO SAVEPOINT',
} as const;

const UNHEARD = {
  submit: () => null,
  handleError: () => undefined,
  handleReadyForQuery: () => undefined,
};

/** Whether a statement must not be sent together with others. */
function controlsTransaction({ kind }: Statement): boolean {
  switch (kind) {
    case 'begin':
    case 'commit':
    case 'rollback':
    case 'savepoint':
    case 'release':
    case 'rollback to':
    case 'set transaction':
    case 'set snapshot':
    case 'prepare transaction':
      return true;
    case 'non-transactional':
    case 'block only':
    case 'set constraints':
    case 'set local':
    case 'set session':
    case 'ordinary':
      return false;
  }
}

/** A cursor or a stream hears the server's own messages, which a translated statement has not. */
function refuseControl(statements: readonly Statement[]): void {
  if (!statements.some(controlsTransaction)) return;
  const message =
    'a transaction statement through a cursor or a stream is not supported in a sandbox; use client.query(…)';
  throw new SetupError('ERR_SAVEPOINT_UNSUPPORTED', message);
}

/** `current transaction is aborted` hides the error that aborted it. */
function withFirstError(error: Error, first: Error | undefined): Error {
  const IN_FAILED_TRANSACTION = '25P02';
  if (first && (error as pg.DatabaseError).code === IN_FAILED_TRANSACTION) error.cause ??= first;
  return error;
}

function oneLine(sql: string): string {
  const line = sql.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

/** Whether a promise settles in time. */
async function within(millis: number, promise: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, millis);
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
