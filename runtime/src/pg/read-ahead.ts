/** What the server reads of a text without running it, where the sandbox answers in its place. */
import pg from 'pg';
import { RESERVED_PREFIX, type AppTransaction } from './app-transaction.ts';
import type { Outcome, Submission } from './exchange.ts';
import type { Judgement } from './judgement.ts';
import { preparedAsAnother, textPreparedAs } from './real-connection.ts';
import type { Said } from './said.ts';
import type { Statement } from './statements.ts';
import type { TextTransactions } from './text-transactions.ts';
import { parseOnly } from './unheard.ts';

const SYNTAX = `${RESERVED_PREFIX}syntax`;

export class ReadAhead {
  readonly #said: Said;
  readonly #transactions: TextTransactions;
  readonly #judgement: Judgement;

  constructor(said: Said, transactions: TextTransactions, judgement: Judgement) {
    this.#said = said;
    this.#transactions = transactions;
    this.#judgement = judgement;
  }

  /**
   * The server reads a statement before it says that it belongs into a block, and the driver has it
   * read under the name that it is asked by, whoever then answers it. @throws the error of either
   */
  async haveRead(): Promise<void> {
    const [only, ...others] = this.#said.statements;
    // A text of several was read before.
    if (others.length > 0) return;
    const { text = '', submission } = this.#said.question;
    if (this.textPrepared === text) return;
    if (submission.name && this.isRefusedByDriver) throw preparedAsAnother(submission.name);
    const { outcome, transaction } = await this.#read(parseOnly(text, submission.name), only);
    this.#judgement.judge(transaction, outcome);
  }

  /** Whether the driver refuses it by itself: its name is another text's. The server never hears of it. */
  get isRefusedByDriver(): boolean {
    const prepared = this.textPrepared;
    return Boolean(prepared) && prepared !== this.#said.question.text;
  }

  get textPrepared(): string | undefined {
    const { connection } = this.#said.session;
    const { name } = this.#said.question.submission;
    return name && connection ? textPreparedAs(connection, name) : undefined;
  }

  async #read(
    listener: Submission,
    statement: Statement | undefined,
  ): Promise<{ readonly outcome: Outcome; readonly transaction: AppTransaction }> {
    // A BEGIN that was recognised can be read; it opens its own.
    const transaction =
      this.#said.asker.transaction ??
      (statement?.kind === 'begin'
        ? this.#transactions.unsent()
        : this.#transactions.openImplicit());
    return { outcome: await this.#said.session.exchange([], { listener }), transaction };
  }

  /** The server reads a text to its end before it runs any of it. */
  async checkSyntax(): Promise<void> {
    const { transaction } = this.#said.asker;
    const guarded = !transaction?.aborted;
    const outcome = await this.#said.session.exchange(guarded ? [`SAVEPOINT ${SYNTAX}`] : [], {
      listener: parseOnly(this.#said.question.text ?? '', undefined),
    });
    // Refused for having several statements, which is found out after all of them were read.
    const wellFormed =
      outcome.is === 'failed' &&
      outcome.error instanceof pg.DatabaseError &&
      outcome.error.routine === 'exec_parse_message';
    // A transaction of the app's is aborted by bad syntax, too.
    if (guarded && (wellFormed || !transaction)) {
      this.#said.session.sendLater(
        `ROLLBACK TO SAVEPOINT ${SYNTAX}`,
        `RELEASE SAVEPOINT ${SYNTAX}`,
      );
    }
    if (!wellFormed) this.#judgement.judge(transaction ?? this.#transactions.unsent(), outcome);
  }
}
