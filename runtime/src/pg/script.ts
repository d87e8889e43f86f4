/**
 * The answer to one question of the app: what it says is translated into what the server is sent,
 * so that the app's transactions become savepoints and nothing ends the one around the test.
 */
import type { AppTransaction } from './app-transaction.ts';
import { DEFAULT_MODES, readDefaultModes } from './default-modes.ts';
import type { Control, Outcome } from './exchange.ts';
import { grantModes } from './granted-modes.ts';
import { endsTransaction, Judgement } from './judgement.ts';
import { rowsOf } from './kept/own-questions.ts';
import { sessionWordsOf } from './kept/session-words.ts';
import type { Question } from './question.ts';
import { ReadAhead } from './read-ahead.ts';
import { controlThroughSubmittable } from './refusals.ts';
import { Replies, SEND } from './replies.ts';
import type { Said } from './said.ts';
import type { Asker, Session } from './session.ts';
import { judgeStatement } from './statement-hazards.ts';
import { statementsOf, takesSnapshot, type Statement } from './statements.ts';
import { TextTransactions } from './text-transactions.ts';
import { UNASKED } from './unheard.ts';

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

export class Script {
  readonly #session: Session;
  readonly #asker: Asker;
  readonly #question: Question;
  readonly #statements: readonly Statement[];
  readonly #transactions: TextTransactions;
  readonly #judgement: Judgement;
  readonly #readAhead: ReadAhead;
  readonly #replies: Replies;

  constructor(session: Session, asker: Asker, question: Question) {
    const statements = question.text === undefined ? NOTHING : statementsOf(question.text);
    const said: Said = { session, asker, question, statements };
    this.#session = session;
    this.#asker = asker;
    this.#question = question;
    this.#statements = statements;
    this.#transactions = new TextTransactions(said);
    this.#judgement = new Judgement(said);
    this.#readAhead = new ReadAhead(said, this.#transactions, this.#judgement);
    this.#replies = new Replies(said, this.#transactions, this.#judgement, this.#readAhead);
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
    const isBetween = !this.#asker.transaction && !this.#transactions.implicit;
    if (!this.#session.history.modesChanged || !isBetween) return;
    const [row] = (await rowsOf(this.#session, `SELECT ${DEFAULT_MODES}`)) ?? [];
    if (row) this.#session.initialModes = readDefaultModes(row);
  }

  /**
   * Answers the end of what was sent outside of it, of one ordinary statement.
   * @param escaped whether that ended the transaction around the test
   */
  conclude(outcome: Outcome, escaped: boolean, settle: Settle): void {
    const transaction = this.#asker.transaction ?? this.#transactions.adopt();
    transaction.touched = true;
    this.#judgement.escaped = escaped;
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
    const transaction = this.#transactions.current;
    try {
      this.#sendStatements(transaction, this.#statements, AS_SAID, (outcome) => {
        this.#settleOrdinary(transaction, outcome, settle);
      });
    } catch (refusal) {
      this.#transactions.rollBackImplicit();
      process.nextTick(settle, refusal);
    }
  }

  #settleOrdinary(transaction: AppTransaction, outcome: Outcome, settle: Settle): void {
    try {
      this.#judgement.judge(transaction, outcome);
    } catch (error) {
      this.#transactions.rollBackImplicit();
      settle(error as Error);
      return;
    }
    const committed = this.#transactions.commitImplicit();
    if (committed) settleAfter(committed, settle);
    else settle();
  }

  async #runAll(): Promise<void> {
    try {
      await this.#performAll();
    } catch (error) {
      this.#transactions.rollBackImplicit();
      this.#session.clientsThatKeep?.answered(this.#asker);
      throw error;
    }
    await this.#transactions.commitImplicit();
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
    await this.#readAhead.checkSyntax();
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
      if (this.#readAhead.textPrepared === '') return send();
      await this.#readAhead.haveRead();
    }
    const reply = await this.#replies.to(statement);
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
    const transaction = this.#transactions.current;
    const isHeard = !transaction.aborted && this.#question.submission.phase !== 'read';
    const wording = !isHeard
      ? undefined
      : await this.#session.clients.hear(this.#asker, transaction, this.#question, statements);
    const isSaid = wording?.text === undefined && wording?.tag === undefined;
    if (!isSaid && this.#question.submission.name) await this.#readAhead.haveRead();
    if (wording?.tag === undefined) {
      const said = { text: wording?.text ?? text, ahead: wording?.ahead };
      this.#judgement.judge(transaction, await this.#exchange(transaction, statements, said));
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
    if (!transaction.aborted)
      for (const statement of statements) transaction.noteCursors(statement);
    if (transaction.leftovers.constraintsChanged) this.#session.checksConstraints = true;
    transaction.touched = true;
    let done = 0;
    this.#session.send(
      ahead.length > 0 ? [...notes, ...ahead] : notes,
      {
        listener: submission,
        text,
        onCommand: (tag) => {
          if (endsTransaction(tag, statements)) this.#judgement.escaped = true;
          const statement = statements[done++];
          if (statement) transaction.cursors?.hear(statement, tag);
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
    if (!takesSnapshot(statement) || this.#readAhead.isRefusedByDriver) return [];
    grantModes(this.#session, this.#question, transaction.modes.current);
    const isFirst = transaction.modes.query();
    // It was judged when it was read.
    if (this.#question.submission.phase === 'run') return transaction.modes.tell();
    if (isFirst) this.#session.history.transactions++;
    judgeStatement(this.#session, this.#question, transaction, statement);
    return transaction.modes.tell();
  }
}

function settleAfter(work: Promise<void>, settle: Settle): void {
  work.then(() => {
    settle();
  }, settle);
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
