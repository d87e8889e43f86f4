/** A transaction of the app inside a sandbox: a savepoint that pretends to be one. */
import type { Trace } from '../trace.ts';
import { Leftovers } from './leftovers.ts';
import type { TransactionModes } from './statements.ts';

/** Names of ours; the app may not use them. */
export const RESERVED_PREFIX = '_savepoint_';
const SAVEPOINT = `${RESERVED_PREFIX}transaction`;

export class AppTransaction {
  modes: TransactionModes;
  readonly begun: () => Trace;
  readonly leftovers = new Leftovers();
  /** Set from the statement that failed until the app rolls back. */
  firstError: Error | undefined;
  /** Whether the server has been sent anything of it. */
  touched = false;

  constructor(modes: TransactionModes, begun: () => Trace) {
    this.modes = modes;
    this.begun = begun;
  }

  get aborted(): boolean {
    return this.firstError !== undefined;
  }

  open(): string[] {
    return [
      `SAVEPOINT ${SAVEPOINT}`,
      ...(this.modes.readOnly ? ['SET TRANSACTION READ ONLY'] : []),
    ];
  }

  /** Begins anew with other modes, which the server takes from a transaction only before its first query. */
  reopen(modes: TransactionModes): string[] {
    this.modes = { ...this.modes, ...modes };
    return [...this.rollback(), ...this.open()];
  }

  commit(): string[] {
    // After the release, which ends READ ONLY.
    return [`RELEASE SAVEPOINT ${SAVEPOINT}`, ...this.leftovers.tidy()];
  }

  rollback(): string[] {
    // ROLLBACK TO alone would leave the savepoint.
    return [`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, `RELEASE SAVEPOINT ${SAVEPOINT}`];
  }
}
