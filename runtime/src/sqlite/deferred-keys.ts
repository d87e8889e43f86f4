/**
 * Deferred foreign keys: SQLite checks them at COMMIT and never at RELEASE, so the sandbox asks
 * where the app commits. It asks what SQLite would: not which rows are broken, but whether as many
 * were put right as were broken. Costs nothing in a schema without such keys.
 */
import type { AppTransaction, Step } from './app-transaction.ts';
import { quoted, type DeferringSchema } from './deferring-schema.ts';
import type { RawHandle } from './driver.ts';
import { isWord, tokensOf } from './sql-reader.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';
import type { Control } from './statement-kind.ts';
import {
  NONE_BROKEN,
  tally,
  timesIn,
  violationsIn,
  type Tally,
  type Violations,
} from './violations.ts';

/** How much more was broken than put right, by what the keys are declared (`nDeferredCons`, `nDeferredImmCons`). */
interface Owed {
  readonly deferred: number;
  /** Of the others, while `defer_foreign_keys` is on. */
  readonly immediate: number;
}
const NOTHING: Owed = { deferred: 0, immediate: 0 };

const ORDINARY_TABLE =
  "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT 1";

export class DeferredKeys {
  readonly #raw: RawHandle;
  readonly #schema: DeferringSchema;
  #owed = NOTHING;
  /** When `#owed` was counted. */
  #broken = NONE_BROKEN;
  /** What was owed when each open savepoint of the app began. */
  readonly #atSavepoints: Owed[] = [];
  #asked = false;
  #hasNewSchema = false;

  constructor(raw: RawHandle, schema: DeferringSchema) {
    this.#raw = raw;
    this.#schema = schema;
  }

  /** Whether anything may be deferred now. */
  areUsed(): boolean {
    return this.#schema.areKeysOn && (this.#asked || this.#schema.defers);
  }

  /**
   * Whether each statement is to be followed: something is broken that nobody owes, from before the
   * transaction or forgiven, and SQLite counts it when it is put right only while something is owed.
   */
  get areFollowed(): boolean {
    const { deferred, immediate } = this.#owed;
    return this.#broken !== NONE_BROKEN && timesIn(this.#broken) !== deferred + immediate;
  }

  /** The schema may have become another. */
  schemaChanged(): void {
    this.#schema.changed();
    this.#hasNewSchema = true;
  }

  /** Everything was undone. */
  undone(): void {
    if (this.#hasNewSchema) this.#schema.changed();
    this.end();
  }

  /** A transaction of the app, or a statement outside one, begins. */
  begin(): void {
    this.#owed = NOTHING;
    this.#broken = this.areUsed() ? this.#violations() : NONE_BROKEN;
  }

  /** A statement of the app's transaction was run. */
  ran(sql: string): void {
    if (!this.areFollowed) return;
    const [verb] = tokensOf(sql);
    if (isWord(verb, 'alter'))
      this.#broken = this.#violations(); // Only names of keys are others now.
    else this.#count(isWord(verb, 'insert', 'replace', 'with'));
  }

  /** @throws SqliteRefusal as COMMIT does, which then leaves the transaction open */
  assertKept(): void {
    if (!this.areUsed()) return;
    this.#count();
    if (this.#owed.deferred + this.#owed.immediate !== 0)
      throw new SqliteRefusal('FOREIGN KEY constraint failed', 'SQLITE_CONSTRAINT_FOREIGNKEY');
  }

  /** The app's transaction went a step. */
  follow(control: Control, before: AppTransaction, { next }: Step): void {
    if (next.is === 'idle') {
      this.end();
      return;
    }
    if (before.is === 'idle') this.begin();
    else if (control.is === 'savepoint' && this.areUsed()) this.#count();
    const depth = next.names.length;
    if (depth > this.#atSavepoints.length) this.#atSavepoints.push(this.#owed);
    this.#atSavepoints.length = depth;
    if (control.is === 'rollback-to') this.#returnTo(this.#atSavepoints[depth - 1] ?? NOTHING);
  }

  #returnTo(owed: Owed): void {
    this.#owed = owed;
    if (this.areUsed()) this.#broken = this.#violations();
  }

  /** The app sets `defer_foreign_keys`: ON, keys may be broken that could not be before; OFF, what is owed is forgiven. */
  ask(state: AppTransaction, isOn: boolean): void {
    if (state.is === 'open' && this.#schema.areKeysOn) {
      if (this.areUsed()) this.#count();
      else this.#broken = this.#violations();
      if (!isOn) this.#owed = NOTHING;
    }
    this.#asked = true; // Or withdrawn: then what the schema defers is all the same.
  }

  /** COMMIT and ROLLBACK, and with them each statement outside a transaction, switch it off. */
  end(): void {
    this.#owed = NOTHING;
    this.#broken = NONE_BROKEN;
    this.#atSavepoints.length = 0;
    if (!this.#asked) return;
    this.#raw.run('PRAGMA defer_foreign_keys = OFF');
    this.#asked = false;
  }

  /** What fails at its commit changed nothing, as `changes()` tells. */
  forgetChanges(): void {
    const [table] = this.#raw.all(ORDINARY_TABLE);
    if (table) this.#raw.exec(`DELETE FROM main.${quoted(String(table['name']))} WHERE 0`);
  }

  /** @param isAtOnce whether a row may have put several right, as that of a parent does */
  #count(isAtOnce = false): void {
    const [before, now] = [this.#broken, this.#violations()];
    const { deferred, immediate } = this.#owed;
    const isOn = this.#raw.setting('defer_foreign_keys') === 1;
    this.#broken = now;
    this.#owed = {
      deferred: counted(deferred, immediate !== 0, tally(before, now, true), isAtOnce),
      immediate: isOn ? counted(immediate, false, tally(before, now, false), isAtOnce) : immediate,
    };
  }

  #violations(): Violations {
    return violationsIn(this.#raw, this.#schema);
  }
}

/**
 * What is owed after a statement, as SQLite counts row by row: what is put right counts only while
 * something is owed.
 */
function counted(
  owed: number,
  isMoreOwed: boolean,
  { made, mended }: Tally,
  isAtOnce: boolean,
): number {
  const isCounted = isMoreOwed || owed < 0 || (isAtOnce && owed !== 0);
  if (isCounted) return owed + made - mended;
  return Math.max(0, owed - mended) + made;
}
