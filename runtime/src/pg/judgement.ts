/** What the server's answer to a text means for the app's transaction, and for the one around the test. */
import pg from 'pg';
import type { AppTransaction } from './app-transaction.ts';
import { wentOn } from './client-faults.ts';
import type { Outcome } from './exchange.ts';
import { escaped } from './refusals.ts';
import type { Said } from './said.ts';
import { refusalBehind } from './statement-hazards.ts';
import type { Statement } from './statements.ts';

export class Judgement {
  readonly #said: Said;
  /** Whether a statement ended the transaction around the test. */
  escaped = false;

  constructor(said: Said) {
    this.#said = said;
  }

  /** What an outcome means for the transaction. @throws the error it ends with */
  judge(transaction: AppTransaction, outcome: Outcome): void {
    if (outcome.is === 'lost') throw outcome.error;
    if (
      outcome.is === 'control failed' ||
      this.#said.session.serverStatus === 'I' ||
      this.escaped
    ) {
      const escape = escaped(
        this.#said.session,
        this.#said.question,
        outcome.is === 'done' ? undefined : outcome.error,
      );
      this.#said.session.spoil(escape);
      throw escape;
    }
    const failure = outcome.is === 'failed' ? this.#meaningOf(outcome.error) : undefined;
    if (failure && isOfFailedTransaction(failure)) this.tellWentOn(transaction, failure);
    if (this.#said.session.serverStatus === 'T') {
      transaction.firstError = undefined;
    } else if (!transaction.firstError) {
      transaction.firstError = failure ?? new Error('the transaction failed');
      transaction.failedAt = this.#said.question.asked;
    }
    if (failure) throw failure;
  }

  /** What the server refuses only because of the sandbox is the sandbox's refusal. */
  #meaningOf(error: Error): Error {
    const isWhole = this.#said.statements.length === 1 && !this.#said.asker.transaction;
    return refusalBehind(this.#said.session, this.#said.question, error, isWhole) ?? error;
  }

  /** `current transaction is aborted` hides the error that aborted it. */
  tellWentOn(transaction: AppTransaction, error?: Error): void {
    if (!transaction.firstError) return;
    if (error) error.cause ??= transaction.firstError;
    this.#said.session.notes.tell('no-swallowed-sql-error', () =>
      wentOn(this.#said.session, transaction, this.#said.question.asked),
    );
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
