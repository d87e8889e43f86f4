/**
 * Deferred foreign keys: SQLite checks them at COMMIT and never at RELEASE, so the sandbox asks
 * where the app commits. Costs nothing in a schema without them.
 */
import type { AppTransaction, Step } from './app-transaction.ts';
import type { RawHandle } from './driver.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';

/** What is broken, and how often: rows without a rowid cannot be told apart. */
type Violations = ReadonlyMap<string, number>;
const NONE: Violations = new Map();

/** Whether a database defers foreign keys; asked once, and again when the schema has changed. */
export class DeferringSchema {
  readonly #raw: RawHandle;
  /** Cannot change in a transaction. */
  readonly areKeysOn: boolean;
  #defers: boolean | undefined;

  constructor(raw: RawHandle) {
    this.#raw = raw;
    this.areKeysOn = raw.setting('foreign_keys') === 1;
  }

  changed(): void {
    this.#defers = undefined;
  }

  get defers(): boolean {
    return (this.#defers ??= databasesOf(this.#raw).some((name) => this.#isDeferring(name)));
  }

  #isDeferring(database: string): boolean {
    const schema = database === 'temp' ? 'sqlite_temp_schema' : `${database}.sqlite_schema`;
    const deferring = `SELECT 1 FROM ${schema} WHERE type = 'table' AND sql LIKE '%DEFERRED%' LIMIT 1`;
    return this.#raw.all(deferring).length > 0;
  }
}

/** The databases of the connection, quoted. */
function databasesOf(raw: RawHandle): string[] {
  return raw
    .all('SELECT name FROM pragma_database_list')
    .map(({ name }) => (name === 'temp' ? 'temp' : quoted(String(name))));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const ORDINARY_TABLE =
  "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT 1";

export class DeferredKeys {
  readonly #raw: RawHandle;
  readonly #schema: DeferringSchema;
  /** What was broken before the app's transaction and is none of its concern. */
  #before = NONE;
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
    this.#before = this.areUsed() ? this.#violations() : NONE;
  }

  /** @throws SqliteRefusal as COMMIT does, which then leaves the transaction open */
  assertKept(): void {
    if (!this.areUsed()) return;
    for (const [violation, times] of this.#violations()) {
      if (times > (this.#before.get(violation) ?? 0))
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
    this.#asked = true; // Or withdrawn: then what the schema defers is all the same.
  }

  /** COMMIT and ROLLBACK, and with them each statement outside a transaction, switch it off. */
  end(): void {
    if (!this.#asked) return;
    this.#raw.run('PRAGMA defer_foreign_keys = OFF');
    this.#asked = false;
  }

  /** What fails at its commit changed nothing, as `changes()` tells. */
  forgetChanges(): void {
    const [table] = this.#raw.all(ORDINARY_TABLE);
    if (table) this.#raw.exec(`DELETE FROM main.${quoted(String(table['name']))} WHERE 0`);
  }

  #violations(): Violations {
    const found = new Map<string, number>();
    for (const name of databasesOf(this.#raw)) {
      for (const row of this.#raw.all(`PRAGMA ${name}.foreign_key_check`)) {
        const violation = JSON.stringify([name, row]);
        found.set(violation, (found.get(violation) ?? 0) + 1);
      }
    }
    return found;
  }
}
