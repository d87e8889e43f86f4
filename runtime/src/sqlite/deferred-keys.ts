/**
 * Deferred foreign keys: SQLite checks them at COMMIT and never at RELEASE, so the sandbox asks
 * where the app commits. Costs nothing in a schema without them.
 */
import type { AppTransaction, Step } from './app-transaction.ts';
import type { RawHandle } from './driver.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';

export class DeferredKeys {
  readonly #raw: RawHandle;
  /** What was broken before the app's transaction and is none of its concern. */
  #before: ReadonlySet<string> = new Set();
  #asked = false;

  constructor(raw: RawHandle) {
    this.#raw = raw;
  }

  /** Whether anything may be deferred now. */
  areUsed(): boolean {
    return (
      this.#raw.setting('foreign_keys') === 1 &&
      (this.#raw.setting('defer_foreign_keys') === 1 || this.#schemaDefers())
    );
  }

  #schemaDefers(): boolean {
    return (
      this.#raw.all(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%DEFERRED%' LIMIT 1",
      ).length > 0
    );
  }

  /** A transaction of the app, or a statement outside one, begins. */
  begin(): void {
    this.#before = this.areUsed() ? this.#violations() : new Set();
  }

  /** @throws SqliteRefusal as COMMIT does, which then leaves the transaction open */
  assertKept(): void {
    if (!this.areUsed()) return;
    for (const violation of this.#violations()) {
      if (!this.#before.has(violation))
        throw new SqliteRefusal('FOREIGN KEY constraint failed', 'SQLITE_CONSTRAINT_FOREIGNKEY');
    }
  }

  /** The app's transaction went a step. */
  follow(before: AppTransaction, { next }: Step): void {
    if (before.is === next.is) return;
    if (next.is === 'open') this.begin();
    else this.end();
  }

  /** The app sets `defer_foreign_keys`: from now on keys may be broken that could not be before. */
  ask(state: AppTransaction): void {
    if (state.is === 'open' && !this.areUsed()) this.#before = this.#violations();
    this.#asked = true;
  }

  /** COMMIT and ROLLBACK, and with them each statement outside a transaction, switch it off. */
  end(): void {
    if (!this.#asked) return;
    this.#raw.run('PRAGMA defer_foreign_keys = OFF');
    this.#asked = false;
  }

  #violations(): ReadonlySet<string> {
    return new Set(this.#raw.all('PRAGMA foreign_key_check').map((row) => JSON.stringify(row)));
  }
}
