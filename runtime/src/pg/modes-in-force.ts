/**
 * The modes of an app's transaction, kept as PostgreSQL keeps them: fixed by the first query, READ ONLY
 * for each savepoint by itself. Says what the server must be told, when, and what it would object to;
 * measured on PostgreSQL 18 (check_transaction_read_only and its neighbours in variable.c).
 */
import type pg from 'pg';
import { activeTransactionError } from './server-answers.ts';
import type { IsolationLevel, ModesInOrder, TransactionModes } from './statements.ts';

/** All modes of a transaction. */
export type Modes = Required<TransactionModes> & { readonly isolation: IsolationLevel };

/** A transaction, or a savepoint in it. */
interface Level {
  readonly savepoint: string | undefined;
  readOnly: boolean;
  /** Whether the server was told so. */
  told: boolean;
}

export class ModesInForce {
  readonly #initial: Modes;
  #isolation: IsolationLevel;
  #deferrable: boolean;
  readonly #outermost: Level;
  readonly #savepoints: Level[] = [];
  #queried = false;

  /** @param initial those that the session begins transactions with, or that came by AND CHAIN */
  constructor(initial: Modes) {
    this.#initial = initial;
    this.#isolation = initial.isolation;
    this.#deferrable = initial.deferrable;
    this.#outermost = { savepoint: undefined, readOnly: initial.readOnly, told: false };
  }

  get current(): Modes {
    return this.#with(this.#innermost);
  }

  get inSavepoint(): boolean {
    return this.#savepoints.length > 0;
  }

  /**
   * The modes that the server shows otherwise: it was not told of them yet, or never can be.
   * @param around those of the transaction around the test
   */
  hiddenIn({ isolation, deferrable }: Modes): (keyof Modes)[] {
    const { readOnly, told } = this.#innermost;
    return [
      ...(this.#isolation === isolation ? [] : (['isolation'] as const)),
      ...(readOnly && !told ? (['readOnly'] as const) : []),
      ...(this.#deferrable === deferrable ? [] : (['deferrable'] as const)),
    ];
  }

  /** The server's own error for a change of modes, which it would abort the transaction with. */
  objectionTo(said: ModesInOrder): pg.DatabaseError | undefined {
    let { current } = this;
    for (const modes of said) {
      const objection = this.#objectionTo(modes, current);
      if (objection) return objection;
      current = { ...current, ...modes };
    }
    return undefined;
  }

  #objectionTo(
    { isolation, readOnly, deferrable }: TransactionModes,
    current: Modes,
  ): pg.DatabaseError | undefined {
    const { inSavepoint } = this;
    if (isolation !== undefined && isolation !== current.isolation) {
      const what = 'SET TRANSACTION ISOLATION LEVEL must';
      if (this.#queried) return activeTransactionError(`${what} be called before any query`);
      if (inSavepoint) return activeTransactionError(`${what} not be called in a subtransaction`);
    }
    if (readOnly === false && current.readOnly) {
      if (inSavepoint)
        return activeTransactionError(
          'cannot set transaction read-write mode inside a read-only transaction',
        );
      if (this.#queried)
        return activeTransactionError('transaction read-write mode must be set before any query');
    }
    if (deferrable !== undefined) {
      const what = 'SET TRANSACTION [NOT] DEFERRABLE';
      if (inSavepoint)
        return activeTransactionError(`${what} cannot be called within a subtransaction`);
      if (this.#queried) return activeTransactionError(`${what} must be called before any query`);
    }
    return undefined;
  }

  /** @param modes without an objection */
  change({ isolation, readOnly, deferrable }: TransactionModes): void {
    this.#isolation = isolation ?? this.#isolation;
    this.#deferrable = deferrable ?? this.#deferrable;
    this.#innermost.readOnly = readOnly ?? this.#innermost.readOnly;
  }

  /**
   * What the server must be told ahead of a statement that READ ONLY matters to. Not before: in a
   * savepoint, which the transaction is, it takes READ ONLY and never READ WRITE again.
   */
  tell(): string[] {
    const level = this.#innermost;
    if (!level.readOnly || level.told) return [];
    level.told = true;
    return ['SET TRANSACTION READ ONLY'];
  }

  /** Notes a query. @returns whether it is the transaction's first */
  query(): boolean {
    const isFirst = !this.#queried;
    this.#queried = true;
    return isFirst;
  }

  savepoint(name: string): void {
    this.#savepoints.push({ ...this.#innermost, savepoint: name });
  }

  /** The savepoint of that name, and those inside of it, are none any more; nor are their modes. */
  release(name: string): void {
    const index = this.#indexOf(name);
    if (index >= 0) this.#savepoints.length = index;
  }

  rollbackTo(name: string): void {
    const index = this.#indexOf(name);
    if (index < 0) return;
    this.#savepoints.length = index;
    this.savepoint(name);
  }

  /** The modes that COMMIT AND CHAIN hands on. */
  get chainedByCommit(): Modes {
    return this.current;
  }

  /** Those that ROLLBACK AND CHAIN does. A transaction that failed has lost what it set itself. */
  chainedByRollback(aborted: boolean): Modes {
    return aborted && this.#savepoints.length === 0 ? this.#initial : this.#with(this.#outermost);
  }

  get #innermost(): Level {
    return this.#savepoints.at(-1) ?? this.#outermost;
  }

  #with({ readOnly }: Level): Modes {
    return { isolation: this.#isolation, readOnly, deferrable: this.#deferrable };
  }

  #indexOf(name: string): number {
    return this.#savepoints.findLastIndex(({ savepoint }) => savepoint === name);
  }
}
