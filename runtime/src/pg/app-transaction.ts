/** A transaction of the app inside a sandbox: a savepoint that pretends to be one. */
import type { Trace } from '../trace.ts';
import { EffectLog } from './kept/effect-log.ts';
import type { SessionEffect } from './kept/session-clients.ts';
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
  /** Where that statement was asked. */
  failedAt: (() => Trace) | undefined;
  /** Whether the server has been sent anything of it. */
  touched = false;

  readonly #chained: TransactionModes;
  #kept: EffectLog<SessionEffect> | undefined;

  /** @param chained those of the modes that came by AND CHAIN */
  constructor(modes: TransactionModes, begun: () => Trace, chained: TransactionModes = {}) {
    this.modes = modes;
    this.begun = begun;
    this.#chained = chained;
  }

  /** What its session will keep once it commits. */
  get kept(): EffectLog<SessionEffect> {
    return (this.#kept ??= new EffectLog());
  }

  get keepsSomething(): boolean {
    return this.#kept !== undefined;
  }

  /** The modes for AND CHAIN. An aborted transaction has lost those it set itself, as in the server. */
  get chainedModes(): TransactionModes {
    return this.aborted ? this.#chained : this.modes;
  }

  get aborted(): boolean {
    return this.firstError !== undefined;
  }

  open(): string[] {
    return [`SAVEPOINT ${SAVEPOINT}`, ...(this.modes.readOnly ? this.change(this.modes) : [])];
  }

  /** Changes the modes of the transaction as it stands; levels of isolation are not the app's to change. */
  change(modes: TransactionModes): string[] {
    this.modes = { ...this.modes, ...modes };
    if (modes.readOnly === undefined) return [];
    return [`SET TRANSACTION READ ${modes.readOnly ? 'ONLY' : 'WRITE'}`];
  }

  /** Begins anew with other modes: the server takes READ WRITE only before a transaction's first query. */
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
