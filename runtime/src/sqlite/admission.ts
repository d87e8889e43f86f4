/**
 * What of a test's statements may be sent as it is. In a transaction of the app SQLite says by itself
 * what cannot be done in one; outside of it, the sandbox says so, whose transaction is there.
 */
import type { AppTransaction } from './app-transaction.ts';
import type { DeferredKeys } from './deferred-keys.ts';
import type { RawHandle } from './driver.ts';
import { isOn, treatPragma } from './pragmas.ts';
import type { Refusals } from './refusals.ts';
import type { Residue } from './residue.ts';
import type { Pragma, StatementKind } from './statement-kind.ts';

/** An unknown pragma does nothing: sent for one that would only set what is set. */
const NO_OP = 'PRAGMA savepoint_unchanged';

export class Admission {
  readonly #raw: RawHandle;
  readonly #deferredKeys: DeferredKeys;
  readonly #residue: Residue;
  readonly #refusals: Refusals;

  constructor(raw: RawHandle, deferredKeys: DeferredKeys, residue: Residue, refusals: Refusals) {
    this.#raw = raw;
    this.#deferredKeys = deferredKeys;
    this.#residue = residue;
    this.#refusals = refusals;
  }

  /**
   * @returns what to send
   * @throws HazardError `no-non-transactional-ddl`
   */
  admit(sql: string, kind: StatementKind, state: AppTransaction): string {
    if (kind.is === 'pragma') return this.#admitPragma(sql, kind, state);
    if (kind.is === 'vacuum' && state.is === 'idle') throw this.#refusals.vacuum();
    return sql;
  }

  /** A statement that was prepared in a transaction of the app may be run outside of it. */
  assertStillAdmitted(sql: string, kind: StatementKind, state: AppTransaction): void {
    const isSame = this.admit(sql, kind, state) === sql;
    if (!isSame && kind.is === 'pragma') throw this.#refusals.pragma(kind);
  }

  #admitPragma(sql: string, pragma: Pragma, state: AppTransaction): string {
    if (pragma.name === 'defer_foreign_keys' && pragma.value !== undefined)
      this.#deferredKeys.ask(state, isOn(pragma.value));
    const read = (name: string): unknown => this.#raw.setting(name);
    const treatment = treatPragma(pragma, read, this.#raw.file === undefined);
    const isDoneByApp = state.is === 'open' && pragma.name !== 'wal_checkpoint';
    if (isDoneByApp && treatment !== 'restore') return sql;
    switch (treatment) {
      case 'pass':
        return sql;
      case 'unchanged':
        return pragma.name === 'journal_mode' ? 'PRAGMA journal_mode' : NO_OP;
      case 'restore':
        this.#residue.noteSetting(pragma.name);
        return sql;
      case 'refuse':
        throw this.#refusals.pragma(pragma);
    }
  }
}
