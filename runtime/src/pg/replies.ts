/**
 * What the app is told where the server must not see what it says: BEGIN and COMMIT, and what depends
 * on whether there is a transaction, which on the server there always is.
 */
import { RESERVED_PREFIX, type AppTransaction } from './app-transaction.ts';
import { grantModes } from './granted-modes.ts';
import type { Judgement } from './judgement.ts';
import type { Modes } from './modes-in-force.ts';
import type { ReadAhead } from './read-ahead.ts';
import { refusedConcurrency, refusedStatement, reservedName } from './refusals.ts';
import type { Said } from './said.ts';
import {
  alreadyInTransactionWarning,
  noTransactionWarning,
  onlyInTransactionBlocks,
  onlyInTransactionBlocksWarning,
  shownColumn,
} from './server-answers.ts';
import {
  allOf,
  MODE_PARAMETERS,
  type ModesInOrder,
  type Statement,
  type TransactionModes,
} from './statements.ts';
import type { TextTransactions } from './text-transactions.ts';
import { UNHEARD } from './unheard.ts';

/** Answered by the server as it stands. */
export const SEND = Symbol('send');
/** A command tag that the sandbox answers itself, or SEND. */
type Reply = string | typeof SEND;

type SavepointKind = 'savepoint' | 'release' | 'rollback to';

const SAVEPOINT_COMMANDS: Record<SavepointKind, string> = {
  savepoint: 'SAVEPOINT',
  release: 'RELEASE SAVEPOINT',
  'rollback to': 'ROLLBACK TO SAVEPOINT',
};

/** Not even read by the server: the shortest way to a failed transaction. */
const NOT_SQL = 'savepoint has the transaction fail here, as the server would have';

export class Replies {
  readonly #said: Said;
  readonly #transactions: TextTransactions;
  readonly #judgement: Judgement;
  readonly #readAhead: ReadAhead;

  constructor(
    said: Said,
    transactions: TextTransactions,
    judgement: Judgement,
    readAhead: ReadAhead,
  ) {
    this.#said = said;
    this.#transactions = transactions;
    this.#judgement = judgement;
    this.#readAhead = readAhead;
  }

  /** Does what a statement asks for where the server must not see it. */
  to(statement: Statement): Reply | Promise<Reply> {
    switch (statement.kind) {
      case 'begin':
        return this.#replyToBegin(statement.word, statement.modes);
      case 'commit':
      case 'rollback':
        return this.#said.asker.transaction
          ? this.#replyToEnd(this.#said.asker.transaction, statement.kind, statement.chain)
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
        throw refusedConcurrency(
          this.#said.session,
          this.#said.question,
          'SET TRANSACTION SNAPSHOT',
        );
      case 'prepare transaction':
        throw refusedStatement(this.#said.session, this.#said.question, 'PREPARE TRANSACTION');
      case 'non-transactional':
        // Inside a block, the server refuses by itself.
        if (!this.#said.asker.transaction)
          throw refusedStatement(this.#said.session, this.#said.question, statement.command);
        return SEND;
      case 'block only':
        return this.#said.asker.transaction ? SEND : this.#replyOutsideBlock(statement.command);
      case 'set constraints':
      case 'set local':
        return this.#said.asker.transaction ? SEND : this.#replyToNoEffect(statement.kind);
      case 'set session':
      case 'ordinary':
        return SEND;
    }
  }

  async #replyToBegin(tag: string, modes: ModesInOrder): Promise<Reply> {
    const { transaction } = this.#said.asker;
    if (transaction?.aborted) return SEND;
    if (transaction) {
      this.#said.asker.hearNotice(alreadyInTransactionWarning());
      await this.#changeModes(transaction, modes);
    } else if (this.#transactions.implicit) {
      await this.#changeModes(this.#transactions.implicit, modes);
      this.#transactions.begin(this.#said.session.initialModes);
    } else {
      const { initialModes } = this.#said.session;
      const all = allOf(modes);
      this.#grant({ ...initialModes, ...all });
      this.#transactions.begin(initialModes);
      this.#said.asker.transaction?.modes.change(all);
    }
    return tag;
  }

  async #replyToEnd(
    transaction: AppTransaction,
    kind: 'commit' | 'rollback',
    chain: boolean,
  ): Promise<Reply> {
    this.#said.session.letGo(this.#said.asker);
    const commits = kind === 'commit' && !transaction.aborted;
    if (kind === 'commit' && !commits) this.#judgement.tellWentOn(transaction);
    if (commits) await this.#transactions.commit(transaction);
    else this.#said.session.sendLater(...transaction.rollback());
    if (chain) {
      const { modes, aborted } = transaction;
      this.#transactions.begin(
        kind === 'commit' && !aborted ? modes.chainedByCommit : modes.chainedByRollback(aborted),
      );
    }
    return commits ? 'COMMIT' : 'ROLLBACK';
  }

  async #replyToIdleEnd(kind: 'commit' | 'rollback', chain: boolean): Promise<Reply> {
    const tag = kind.toUpperCase();
    if (chain) throw onlyInTransactionBlocks(`${tag} AND CHAIN`);
    this.#said.asker.hearNotice(noTransactionWarning());
    if (kind === 'commit') {
      await this.#transactions.commitImplicit();
    } else {
      this.#transactions.rollBackImplicit();
    }
    return tag;
  }

  #replyToSavepoint(kind: SavepointKind, name: string): Reply | Promise<never> {
    if (!this.#said.asker.transaction) return this.#replyOutsideBlock(SAVEPOINT_COMMANDS[kind]);
    if (name.startsWith(RESERVED_PREFIX)) throw reservedName();
    return SEND;
  }

  async #replyOutsideBlock(command: string): Promise<never> {
    await this.#readAhead.haveRead();
    throw onlyInTransactionBlocks(command);
  }

  async #replyToNoEffect(kind: 'set constraints' | 'set local'): Promise<Reply> {
    const { phase } = this.#said.question.submission;
    if (phase !== 'run') await this.#readAhead.haveRead();
    if (phase !== 'read')
      this.#said.asker.hearNotice(onlyInTransactionBlocksWarning(kind.toUpperCase()));
    return SEND;
  }

  /** The server shows the modes of the transaction around the test. */
  #replyToShow(mode: keyof Modes): Reply {
    const { modes, aborted } = this.#transactions.current;
    if (aborted || !modes.hiddenIn(this.#said.session.modes).includes(mode)) return SEND;
    const parameter = MODE_PARAMETERS[mode];
    if (!this.#said.question.isPlain)
      throw refusedConcurrency(
        this.#said.session,
        this.#said.question,
        `SHOW ${parameter} through a cursor or a stream`,
      );
    const value = modes.current[mode];
    const { submission } = this.#said.question;
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
    const { transaction } = this.#said.asker;
    if (transaction?.aborted) return SEND;
    if (transaction) await this.#changeModes(transaction, modes);
    else if (this.#said.statements.length > 1)
      await this.#changeModes(this.#transactions.openImplicit(), modes);
    else if (said !== 'session')
      this.#said.asker.hearNotice(onlyInTransactionBlocksWarning(`SET ${said.toUpperCase()}`));
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
    const outcome = await this.#said.session.exchange([], { text: NOT_SQL, listener: UNHEARD });
    this.#judgement.judge(transaction, outcome.is === 'failed' ? { is: 'failed', error } : outcome);
  }

  /** Modes that the transaction around the test has not are refused, or given as stronger ones. */
  #grant(modes: TransactionModes): void {
    grantModes(this.#said.session, this.#said.question, modes);
  }
}
