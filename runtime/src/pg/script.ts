/**
 * The answer to one question of the app: what it says is translated into what the server is sent,
 * so that the app's transactions become savepoints and nothing ends the one around the test.
 */
import pg from 'pg';
import { AppTransaction, RESERVED_PREFIX } from './app-transaction.ts';
import { wentOn } from './client-faults.ts';
import { rowsOf } from './kept/own-questions.ts';
import { sessionWordsOf } from './kept/session-words.ts';
import { CHECK_CONSTRAINTS } from './leftovers.ts';
import type { Question } from './question.ts';
import type { Control, Outcome, Submission } from './exchange.ts';
import { preparedAsAnother, textPreparedAs } from './real-connection.ts';
import { DEFAULT_MODES, readDefaultModes } from './default-modes.ts';
import { grantModes } from './granted-modes.ts';
import { judgeStatement, refusalBehind } from './statement-hazards.ts';
import type { Modes } from './modes-in-force.ts';
import {
  controlThroughSubmittable,
  escaped,
  failedAtCommit,
  refusedConcurrency,
  refusedStatement,
  reservedName,
} from './refusals.ts';
import {
  alreadyInTransactionWarning,
  noTransactionWarning,
  onlyInTransactionBlocks,
  onlyInTransactionBlocksWarning,
  shownColumn,
} from './server-answers.ts';
import type { Asker, Session } from './session.ts';
import {
  allOf,
  MODE_PARAMETERS,
  statementsOf,
  takesSnapshot,
  type ModesInOrder,
  type Statement,
  type TransactionModes,
} from './statements.ts';

/** Answered by the server as it stands. */
const SEND = Symbol('send');
/** A command tag that the sandbox answers itself, or SEND. */
type Reply = string | typeof SEND;

/** Called when a question is answered, or with what it fails with. */
export type Settle = (error?: Error) => void;

/** How statements are sent. */
interface Phrasing {
  /** Instead of what the app said. */
  readonly text?: string | undefined;
  readonly ahead?: readonly Control[] | undefined;
}

const AS_SAID: Phrasing = {};
const NOTHING: readonly never[] = [];

type SavepointKind = 'savepoint' | 'release' | 'rollback to';

export class Script {
  readonly #session: Session;
  readonly #asker: Asker;
  readonly #question: Question;
  readonly #statements: readonly Statement[];
  /** The transaction of statements outside of a block; the server has one for each text. */
  #implicit: AppTransaction | undefined;
  /** Whether a statement ended the transaction around the test. */
  #escaped = false;

  constructor(session: Session, asker: Asker, question: Question) {
    this.#session = session;
    this.#asker = asker;
    this.#question = question;
    this.#statements = question.text === undefined ? [] : statementsOf(question.text);
  }

  /**
   * Answers everything but the end of the answer.
   * @param settle called once, later, with the server's error or the refusal that the question fails with
   */
  run(settle: Settle): void {
    const { transaction } = this.#asker;
    const served = transaction ? undefined : this.#session.serve(this.#asker, this.#question);
    if (served || (this.#session.history.modesChanged && !transaction))
      settleAfter(this.#answerWhenServed(served), settle);
    else if (this.#isOrdinary()) this.#runOrdinary(settle);
    else settleAfter(this.#runAll(), settle);
  }

  async #answerWhenServed(served: Promise<void> | undefined): Promise<void> {
    await served;
    await this.#learnInitialModes();
    await this.#runAll();
  }

  /** The app may have changed what its transactions begin with, also by what no text says. */
  async #learnInitialModes(): Promise<void> {
    const isBetween = !this.#asker.transaction && !this.#implicit;
    if (!this.#session.history.modesChanged || !isBetween) return;
    const [row] = (await rowsOf(this.#session, `SELECT ${DEFAULT_MODES}`)) ?? [];
    if (row) this.#session.initialModes = readDefaultModes(row);
  }

  /**
   * Answers the end of what was sent outside of it, of one ordinary statement.
   * @param escaped whether that ended the transaction around the test
   */
  conclude(outcome: Outcome, escaped: boolean, settle: Settle): void {
    const transaction = this.#asker.transaction ?? (this.#implicit = this.#unsent());
    transaction.touched = true;
    this.#escaped = escaped;
    this.#settleOrdinary(transaction, outcome, settle);
  }

  /** What most others are: each promise less is time that every test saves. */
  #isOrdinary(): boolean {
    const [only] = this.#statements;
    return (
      only?.kind === 'ordinary' &&
      this.#statements.length === 1 &&
      sessionWordsOf(only).length === 0
    );
  }

  #runOrdinary(settle: Settle): void {
    const transaction = this.#asker.transaction ?? this.#openImplicit();
    try {
      this.#sendStatements(transaction, this.#statements, AS_SAID, (outcome) => {
        this.#settleOrdinary(transaction, outcome, settle);
      });
    } catch (refusal) {
      this.#rollBackImplicit();
      process.nextTick(settle, refusal);
    }
  }

  #settleOrdinary(transaction: AppTransaction, outcome: Outcome, settle: Settle): void {
    try {
      this.#judge(transaction, outcome);
    } catch (error) {
      this.#rollBackImplicit();
      settle(error as Error);
      return;
    }
    const committed = this.#commitImplicit();
    if (committed) settleAfter(committed, settle);
    else settle();
  }

  async #runAll(): Promise<void> {
    try {
      await this.#performAll();
    } catch (error) {
      this.#rollBackImplicit();
      this.#session.clientsThatKeep?.answered(this.#asker);
      throw error;
    }
    await this.#commitImplicit();
    this.#session.clientsThatKeep?.answered(this.#asker);
  }

  async #performAll(): Promise<void> {
    const [only, ...others] = this.#statements;
    const hasControl = this.#statements.some(controlsTransaction);
    // Of several statements a cursor has the server read, which refuses them.
    const isLeftToServer = others.length > 0 && this.#question.submission.phase !== undefined;
    if (hasControl && !this.#question.isPlain && !isLeftToServer) throw controlThroughSubmittable();
    if (only && others.length === 0) await this.#perform(only, () => this.#send([only]));
    // The extended protocol takes one statement; the server refuses several.
    else if (this.#question.isExtended || !this.#isTakenApart()) await this.#send(this.#statements);
    else await this.#performEach();
  }

  #isTakenApart(): boolean {
    return this.#statements.some(
      (statement) => standsAlone(statement) || this.#followsItsSetting(statement),
    );
  }

  /** What SET LOCAL ends with must be there before it can be kept: SET in the same text. */
  #followsItsSetting({ kind }: Statement): boolean {
    return kind === 'set local' && this.#statements.some((other) => other.kind === 'set session');
  }

  /** A text of several statements: the server runs what stands between transaction statements as one. */
  async #performEach(): Promise<void> {
    await this.#checkSyntax();
    const together: Statement[] = [];
    for (const statement of this.#statements) {
      if (standsAlone(statement)) {
        await this.#sendPart(together.splice(0));
        await this.#perform(statement, () => this.#sendPart([statement]));
        await this.#learnInitialModes();
      } else {
        if (this.#followsItsSetting(statement)) await this.#sendPart(together.splice(0));
        together.push(statement);
      }
    }
    await this.#sendPart(together);
  }

  async #perform(statement: Statement, send: () => Promise<void>): Promise<void> {
    if (this.#question.submission.name && statement.kind !== 'ordinary') {
      // Where a name was given to an empty text, the driver runs that, whatever is said.
      if (this.#textPrepared() === '') return send();
      await this.#haveRead();
    }
    const reply = await this.#reply(statement);
    if (reply === SEND) {
      await send();
      this.#noteSavepoint(statement);
    } else this.#question.commandDone(reply, UNASKED);
  }

  /** The modes of a transaction are those of its innermost savepoint. */
  #noteSavepoint(statement: Statement): void {
    const modes = this.#asker.transaction?.modes;
    if (statement.kind === 'savepoint') modes?.savepoint(statement.name);
    if (statement.kind === 'release') modes?.release(statement.name);
    if (statement.kind === 'rollback to') modes?.rollbackTo(statement.name);
  }

  // ---- what the server is sent

  async #sendPart(statements: readonly Statement[]): Promise<void> {
    const [first] = statements;
    const last = statements.at(-1);
    if (!first || !last) return;
    const { text = '' } = this.#question;
    // Blanks keep the positions in the server's errors right; it counts characters, not UTF-16 units.
    const ahead = ' '.repeat(Array.from(text.slice(0, first.fragment.start)).length);
    await this.#send(statements, ahead + text.slice(first.fragment.start, last.fragment.end));
  }

  /** Sends statements as they stand, in the app's transaction or one of their own. */
  async #send(statements: readonly Statement[], text?: string): Promise<void> {
    const transaction = this.#asker.transaction ?? this.#openImplicit();
    const isHeard = !transaction.aborted && this.#question.submission.phase !== 'read';
    const wording = !isHeard
      ? undefined
      : await this.#session.clients.hear(this.#asker, transaction, this.#question, statements);
    const isSaid = wording?.text === undefined && wording?.tag === undefined;
    if (!isSaid && this.#question.submission.name) await this.#haveRead();
    if (wording?.tag === undefined) {
      const said = { text: wording?.text ?? text, ahead: wording?.ahead };
      this.#judge(transaction, await this.#exchange(transaction, statements, said));
    } else {
      const prepared = statements.flatMap((statement) => this.#prepareFor(transaction, statement));
      this.#session.sendLater(...prepared, ...(wording.ahead ?? []));
      this.#question.commandDone(wording.tag, UNASKED);
    }
    await wording?.done?.();
  }

  #exchange(
    transaction: AppTransaction,
    statements: readonly Statement[],
    wording: Phrasing,
  ): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#sendStatements(transaction, statements, wording, resolve);
    });
  }

  #sendStatements(
    transaction: AppTransaction,
    statements: readonly Statement[],
    { text, ahead = NOTHING }: Phrasing,
    onOutcome: (outcome: Outcome) => void,
  ): void {
    const { submission, values, isPlain } = this.#question;
    const notes = transaction.aborted
      ? NOTHING
      : [
          ...transaction.leftovers.ahead(),
          ...statements.flatMap((statement) => [
            ...this.#prepareFor(transaction, statement),
            ...transaction.leftovers.note(statement, values),
          ]),
        ];
    if (transaction.leftovers.constraintsChanged) this.#session.checksConstraints = true;
    transaction.touched = true;
    this.#session.send(
      ahead.length > 0 ? [...notes, ...ahead] : notes,
      {
        listener: submission,
        text,
        onCommand: (tag) => {
          if (endsTransaction(tag, statements)) this.#escaped = true;
        },
        onError: isPlain
          ? undefined
          : (error) => {
              this.#question.fail(error, this.#session.connection);
            },
      },
      (notice) => {
        this.#asker.hearNotice(notice);
      },
      onOutcome,
    );
  }

  /** What must be sent ahead of a statement for the transaction's modes. @throws HazardError when it has none such */
  #prepareFor(transaction: AppTransaction, statement: Statement): string[] {
    this.#session.history.note(statement);
    if (!takesSnapshot(statement)) return [];
    this.#grant(transaction.modes.current);
    const isFirst = transaction.modes.query();
    // It was judged when it was read.
    if (this.#question.submission.phase === 'run') return transaction.modes.tell();
    if (isFirst) this.#session.history.transactions++;
    judgeStatement(this.#session, this.#question, transaction, statement);
    return transaction.modes.tell();
  }

  /** The server reads a text to its end before it runs any of it. */
  async #checkSyntax(): Promise<void> {
    const { transaction } = this.#asker;
    const guarded = !transaction?.aborted;
    const outcome = await this.#session.exchange(guarded ? [`SAVEPOINT ${SYNTAX}`] : [], {
      listener: parseOnly(this.#question.text ?? '', undefined),
    });
    // Refused for having several statements, which is found out after all of them were read.
    const wellFormed =
      outcome.is === 'failed' &&
      outcome.error instanceof pg.DatabaseError &&
      outcome.error.routine === 'exec_parse_message';
    // A transaction of the app's is aborted by bad syntax, too.
    if (guarded && (wellFormed || !transaction)) {
      this.#session.sendLater(`ROLLBACK TO SAVEPOINT ${SYNTAX}`, `RELEASE SAVEPOINT ${SYNTAX}`);
    }
    if (!wellFormed) this.#judge(transaction ?? this.#unsent(), outcome);
  }

  /** What an outcome means for the transaction. @throws the error it ends with */
  #judge(transaction: AppTransaction, outcome: Outcome): void {
    if (outcome.is === 'lost') throw outcome.error;
    if (outcome.is === 'control failed' || this.#session.serverStatus === 'I' || this.#escaped) {
      const escape = escaped(
        this.#session,
        this.#question,
        outcome.is === 'done' ? undefined : outcome.error,
      );
      this.#session.spoil(escape);
      throw escape;
    }
    const failure = outcome.is === 'failed' ? this.#meaningOf(outcome.error) : undefined;
    if (failure && isOfFailedTransaction(failure)) this.#tellWentOn(transaction, failure);
    if (this.#session.serverStatus === 'T') {
      transaction.firstError = undefined;
    } else if (!transaction.firstError) {
      transaction.firstError = failure ?? new Error('the transaction failed');
      transaction.failedAt = this.#question.asked;
    }
    if (failure) throw failure;
  }

  /** What the server refuses only because of the sandbox is the sandbox's refusal. */
  #meaningOf(error: Error): Error {
    const isWhole = this.#statements.length === 1 && !this.#asker.transaction;
    return refusalBehind(this.#session, this.#question, error, isWhole) ?? error;
  }

  /** `current transaction is aborted` hides the error that aborted it. */
  #tellWentOn(transaction: AppTransaction, error?: Error): void {
    if (!transaction.firstError) return;
    if (error) error.cause ??= transaction.firstError;
    this.#session.notes.tell('no-swallowed-sql-error', () =>
      wentOn(this.#session, transaction, this.#question.asked),
    );
  }

  // ---- transactions

  /** A transaction that the server has not heard of. */
  #unsent(): AppTransaction {
    return new AppTransaction(this.#session.initialModes, this.#question.asked);
  }

  #openImplicit(): AppTransaction {
    if (!this.#implicit) {
      this.#implicit = this.#unsent();
      this.#session.sendLater(...this.#implicit.open());
    }
    return this.#implicit;
  }

  /** @returns a promise only where the server has to be asked */
  #commitImplicit(): Promise<void> | undefined {
    const implicit = this.#implicit;
    this.#implicit = undefined;
    return implicit && this.#commit(implicit);
  }

  #rollBackImplicit(): void {
    if (this.#implicit) this.#session.sendLater(...this.#implicit.rollback());
    this.#implicit = undefined;
  }

  /** @param initial the modes that it begins with */
  #begin(initial: Modes): void {
    // In one text, BEGIN takes over what stands before it.
    this.#asker.transaction = this.#implicit ?? new AppTransaction(initial, this.#question.asked);
    if (!this.#implicit) this.#session.sendLater(...this.#asker.transaction.open());
    this.#implicit = undefined;
    this.#session.hold(this.#asker);
  }

  /** @throws the error of a deferred constraint; the transaction is then rolled back */
  #commit(transaction: AppTransaction): Promise<void> | undefined {
    if (transaction.touched && this.#session.checksConstraints)
      return this.#commitChecked(transaction);
    this.#release(transaction);
    return undefined;
  }

  async #commitChecked(transaction: AppTransaction): Promise<void> {
    const failure = await this.#checkConstraints(transaction);
    if (!failure) {
      this.#release(transaction);
      return;
    }
    this.#session.sendLater(...transaction.rollback());
    this.#session.notes.tell('require-deferred-check', () =>
      failedAtCommit(this.#session, this.#question, failure),
    );
    throw failure;
  }

  #release(transaction: AppTransaction): void {
    this.#session.sendLater(...transaction.commit(), ...this.#session.lasting.tidy());
    this.#session.lasting.inherit(transaction.leftovers.lasting);
    this.#session.history.enumValueAdded ||= transaction.addsEnumValue;
    if (transaction.keepsSomething) this.#session.clients.commit(this.#asker, transaction);
  }

  async #checkConstraints({ modes }: AppTransaction): Promise<Error | undefined> {
    const body = { text: CHECK_CONSTRAINTS, listener: UNHEARD };
    // Triggers may say something.
    const outcome = await this.#session.exchange(modes.tell(), body, (notice) => {
      this.#asker.hearNotice(notice);
    });
    return outcome.is === 'done' ? undefined : outcome.error;
  }

  // ---- what the app is told

  /** Does what a statement asks for where the server must not see it. */
  #reply(statement: Statement): Reply | Promise<Reply> {
    switch (statement.kind) {
      case 'begin':
        return this.#replyToBegin(statement.word, statement.modes);
      case 'commit':
      case 'rollback':
        return this.#asker.transaction
          ? this.#replyToEnd(this.#asker.transaction, statement.kind, statement.chain)
          : this.#replyToIdleEnd(statement.kind, statement.chain);
      case 'savepoint':
      case 'release':
      case 'rollback to':
        return this.#replyToSavepoint(statement.kind, statement.name);
      case 'set transaction':
        return this.#replyToSetTransaction(statement.modes, statement.said);
      case 'show mode':
        return this.#replyToShow(statement.mode);
      case 'set snapshot':
        throw refusedConcurrency(this.#session, this.#question, 'SET TRANSACTION SNAPSHOT');
      case 'prepare transaction':
        throw refusedStatement(this.#session, this.#question, 'PREPARE TRANSACTION');
      case 'non-transactional':
        // Inside a block, the server refuses by itself.
        if (!this.#asker.transaction)
          throw refusedStatement(this.#session, this.#question, statement.command);
        return SEND;
      case 'block only':
        return this.#asker.transaction ? SEND : this.#replyOutsideBlock(statement.command);
      case 'set constraints':
      case 'set local':
        return this.#asker.transaction ? SEND : this.#replyToNoEffect(statement.kind);
      case 'set session':
      case 'ordinary':
        return SEND;
    }
  }

  async #replyToBegin(tag: string, modes: ModesInOrder): Promise<Reply> {
    const { transaction } = this.#asker;
    if (transaction?.aborted) return SEND;
    if (transaction) {
      this.#asker.hearNotice(alreadyInTransactionWarning());
      await this.#changeModes(transaction, modes);
    } else if (this.#implicit) {
      await this.#changeModes(this.#implicit, modes);
      this.#begin(this.#session.initialModes);
    } else {
      const { initialModes } = this.#session;
      const all = allOf(modes);
      this.#grant({ ...initialModes, ...all });
      this.#begin(initialModes);
      this.#asker.transaction?.modes.change(all);
    }
    return tag;
  }

  async #replyToEnd(
    transaction: AppTransaction,
    kind: 'commit' | 'rollback',
    chain: boolean,
  ): Promise<Reply> {
    this.#session.letGo(this.#asker);
    const commits = kind === 'commit' && !transaction.aborted;
    if (kind === 'commit' && !commits) this.#tellWentOn(transaction);
    if (commits) await this.#commit(transaction);
    else this.#session.sendLater(...transaction.rollback());
    if (chain) {
      const { modes, aborted } = transaction;
      this.#begin(
        kind === 'commit' && !aborted ? modes.chainedByCommit : modes.chainedByRollback(aborted),
      );
    }
    return commits ? 'COMMIT' : 'ROLLBACK';
  }

  async #replyToIdleEnd(kind: 'commit' | 'rollback', chain: boolean): Promise<Reply> {
    const tag = kind.toUpperCase();
    if (chain) throw onlyInTransactionBlocks(`${tag} AND CHAIN`);
    this.#asker.hearNotice(noTransactionWarning());
    if (kind === 'commit') {
      await this.#commitImplicit();
    } else {
      this.#rollBackImplicit();
    }
    return tag;
  }

  #replyToSavepoint(kind: SavepointKind, name: string): Reply | Promise<never> {
    if (!this.#asker.transaction) return this.#replyOutsideBlock(SAVEPOINT_COMMANDS[kind]);
    if (name.startsWith(RESERVED_PREFIX)) throw reservedName();
    return SEND;
  }

  async #replyOutsideBlock(command: string): Promise<never> {
    await this.#haveRead();
    throw onlyInTransactionBlocks(command);
  }

  async #replyToNoEffect(kind: 'set constraints' | 'set local'): Promise<Reply> {
    const { phase } = this.#question.submission;
    if (phase !== 'run') await this.#haveRead();
    if (phase !== 'read')
      this.#asker.hearNotice(onlyInTransactionBlocksWarning(kind.toUpperCase()));
    return SEND;
  }

  /**
   * The server reads a statement before it says that it belongs into a block, and the driver has it
   * read under the name that it is asked by, whoever then answers it. @throws the error of either
   */
  async #haveRead(): Promise<void> {
    const [only, ...others] = this.#statements;
    // A text of several was read before.
    if (others.length > 0) return;
    const { text = '', submission } = this.#question;
    const prepared = this.#textPrepared();
    if (prepared === text) return;
    if (prepared && submission.name) throw preparedAsAnother(submission.name);
    const { outcome, transaction } = await this.#read(parseOnly(text, submission.name), only);
    this.#judge(transaction, outcome);
  }

  #textPrepared(): string | undefined {
    const { connection } = this.#session;
    const { name } = this.#question.submission;
    return name && connection ? textPreparedAs(connection, name) : undefined;
  }

  async #read(
    listener: Submission,
    statement: Statement | undefined,
  ): Promise<{ readonly outcome: Outcome; readonly transaction: AppTransaction }> {
    // A BEGIN that was recognised can be read; it opens its own.
    const transaction =
      this.#asker.transaction ??
      (statement?.kind === 'begin' ? this.#unsent() : this.#openImplicit());
    return { outcome: await this.#session.exchange([], { listener }), transaction };
  }

  /** The server shows the modes of the transaction around the test. */
  #replyToShow(mode: keyof Modes): Reply {
    const { modes, aborted } = this.#asker.transaction ?? this.#openImplicit();
    if (aborted || !modes.hiddenIn(this.#session.modes).includes(mode)) return SEND;
    const parameter = MODE_PARAMETERS[mode];
    if (!this.#question.isPlain)
      throw refusedConcurrency(
        this.#session,
        this.#question,
        `SHOW ${parameter} through a cursor or a stream`,
      );
    const value = modes.current[mode];
    const { submission } = this.#question;
    submission.handleRowDescription?.(shownColumn(parameter));
    submission.handleDataRow?.({
      fields: [typeof value === 'string' ? value : value ? 'on' : 'off'],
    });
    return 'SHOW';
  }

  async #replyToSetTransaction(
    modes: ModesInOrder,
    said: 'transaction' | 'local' | 'session',
  ): Promise<Reply> {
    const { transaction } = this.#asker;
    if (transaction?.aborted) return SEND;
    if (transaction) await this.#changeModes(transaction, modes);
    else if (this.#statements.length > 1) await this.#changeModes(this.#openImplicit(), modes);
    else if (said !== 'session')
      this.#asker.hearNotice(onlyInTransactionBlocksWarning(`SET ${said.toUpperCase()}`));
    return 'SET';
  }

  async #changeModes(transaction: AppTransaction, modes: ModesInOrder): Promise<void> {
    const objection = transaction.modes.objectionTo(modes);
    if (objection) await this.#abort(transaction, objection);
    const all = allOf(modes);
    this.#grant(all);
    transaction.modes.change(all);
  }

  /** Has a transaction fail as the server would have it fail. @throws the error */
  async #abort(transaction: AppTransaction, error: Error): Promise<void> {
    const outcome = await this.#session.exchange([], { text: NOT_SQL, listener: UNHEARD });
    this.#judge(transaction, outcome.is === 'failed' ? { is: 'failed', error } : outcome);
  }

  /** Modes that the transaction around the test has not are refused, or given as stronger ones. */
  #grant(modes: TransactionModes): void {
    grantModes(this.#session, this.#question, modes);
  }
}

/** Not even read by the server: the shortest way to a failed transaction. */
const NOT_SQL = 'savepoint has the transaction fail here, as the server would have';

function settleAfter(work: Promise<void>, settle: Settle): void {
  work.then(() => {
    settle();
  }, settle);
}

const SYNTAX = `${RESERVED_PREFIX}syntax`;

const SAVEPOINT_COMMANDS: Record<SavepointKind, string> = {
  savepoint: 'SAVEPOINT',
  release: 'RELEASE SAVEPOINT',
  'rollback to': 'ROLLBACK TO SAVEPOINT',
};

const UNHEARD: Submission = {
  submit: () => null,
  handleError: () => undefined,
  handleReadyForQuery: () => undefined,
};

/** Where the server is not asked, a query that would ask it for more finds nobody. */
const UNASKED = { sync: () => undefined } as unknown as pg.Connection;

/** Has a text read by the server and not run. @param name what it is prepared as */
function parseOnly(text: string, name: string | undefined): Submission {
  return {
    ...UNHEARD,
    text,
    name,
    submit: (connection) => {
      connection.parse({ text, name: name ?? '', types: [] }, false);
      connection.sync();
    },
  };
}

/** Whether a statement must not be sent together with others. */
function standsAlone(statement: Statement): boolean {
  const { kind, mentions } = statement;
  return (
    kind === 'show mode' || mentions.has('deferred constraint') || controlsTransaction(statement)
  );
}

/** Whether a statement is of transactions themselves. */
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
    case 'show mode':
    case 'non-transactional':
    case 'block only':
    case 'set constraints':
    case 'set local':
    case 'set session':
    case 'ordinary':
      return false;
  }
}

/**
 * Whether a command that was done ended, or began, a transaction for real. No text of the app's may;
 * one that was misread would.
 */
export function endsTransaction(tag: string, statements: readonly Statement[]): boolean {
  if (tag === 'ROLLBACK') return !statements.some(({ kind }) => kind === 'rollback to');
  return ['COMMIT', 'BEGIN', 'START TRANSACTION', 'PREPARE TRANSACTION'].includes(tag);
}

function isOfFailedTransaction(error: Error): boolean {
  const IN_FAILED_TRANSACTION = '25P02';
  return error instanceof pg.DatabaseError && error.code === IN_FAILED_TRANSACTION;
}
