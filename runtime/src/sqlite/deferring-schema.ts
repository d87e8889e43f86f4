/** Which foreign keys of a database are due at COMMIT, read from its schema. Knows no rows. */
import type { RawHandle } from './driver.ts';
import { isWord, tokensOf } from './sql-reader.ts';

/** Whether a database defers foreign keys; asked once, and again when the schema has changed. */
export class DeferringSchema {
  readonly #raw: RawHandle;
  /** Cannot change in a transaction. */
  readonly areKeysOn: boolean;
  /** Of tables with deferred keys: which of their keys are, in SQLite's order. */
  #tables: ReadonlyMap<string, readonly boolean[]> | undefined;

  constructor(raw: RawHandle) {
    this.#raw = raw;
    this.areKeysOn = raw.setting('foreign_keys') === 1;
  }

  changed(): void {
    this.#tables = undefined;
  }

  get defers(): boolean {
    return this.#deferring().size > 0;
  }

  /** @param key its number, as `foreign_key_check` tells it */
  isDeferred(database: string, table: string, key: number): boolean {
    return this.#deferring().get(`${database}.${table}`)?.[key] ?? false;
  }

  #deferring(): ReadonlyMap<string, readonly boolean[]> {
    return (this.#tables ??= new Map(
      databasesOf(this.#raw).flatMap((name) => this.#tablesOf(name)),
    ));
  }

  #tablesOf(database: string): [string, boolean[]][] {
    const mention = `SELECT name, sql FROM ${schemaOf(database)} WHERE type = 'table' AND sql LIKE '%DEFERRED%'`;
    return this.#raw
      .all(mention)
      .map(({ name, sql }): [string, boolean[]] => [
        `${database}.${String(name)}`,
        deferralsOf(String(sql)),
      ])
      .filter(([, deferrals]) => deferrals.includes(true));
  }
}

/** Whether each foreign key of a CREATE TABLE is deferred. SQLite numbers them from the last to the first. */
export function deferralsOf(createTable: string): boolean[] {
  const keys: boolean[] = [];
  const tokens = [...tokensOf(createTable)];
  for (const [at, token] of tokens.entries()) {
    if (isWord(token, 'references')) keys.unshift(false);
    // A clause of its own in SQLite's grammar: it is said of the key before it, whatever stands between.
    else if (isWord(token, 'deferrable') && keys.length > 0)
      keys[0] =
        !isWord(tokens[at - 1], 'not') &&
        isWord(tokens[at + 1], 'initially') &&
        isWord(tokens[at + 2], 'deferred');
  }
  return keys;
}

/** The databases of the connection, quoted. */
export function databasesOf(raw: RawHandle): string[] {
  return raw
    .all('SELECT name FROM pragma_database_list')
    .map(({ name }) => (name === 'temp' ? 'temp' : quoted(String(name))));
}

/** The table of a database's schema. @param database quoted */
export function schemaOf(database: string): string {
  return database === 'temp' ? 'sqlite_temp_schema' : `${database}.sqlite_schema`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
