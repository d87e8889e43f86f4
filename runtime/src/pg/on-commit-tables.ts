/**
 * Temporary tables that the server would drop or empty at COMMIT. They are known by their numbers:
 * the same name may be another table later, and IF NOT EXISTS may have made none.
 */
import pg from 'pg';
import type { Control } from './exchange.ts';
import { isSymbol, type Token } from './sql-lexer.ts';

interface Named {
  readonly name: string;
  readonly action: 'drop' | 'delete rows';
}

interface OnCommitTable extends Named {
  /** The number of the table that had the name before. */
  before: string | null;
  /** Its own; null when none was made, undefined until the server has said it. */
  number: string | null | undefined;
}

export class OnCommitTables {
  readonly #tables: OnCommitTable[];
  /** Made by the last statements, and not numbered yet. */
  #new: OnCommitTable[] = [];

  constructor(tables: readonly OnCommitTable[] = []) {
    this.#tables = [...tables];
  }

  get isEmpty(): boolean {
    return this.#tables.length === 0;
  }

  /** Notes a statement before it is sent. @returns what must be sent ahead of it */
  note(tokens: readonly Token[]): Control[] {
    const named = tableMadeBy(tokens);
    if (!named) return [];
    const table: OnCommitTable = { ...named, before: null, number: undefined };
    this.#tables.push(table);
    this.#new.push(table);
    return [{ sql: numberOf(table.name), onRow: ([number = null]) => (table.before = number) }];
  }

  /** What is sent ahead of everything else: those that were made last have their numbers now. */
  numberNew(): Control[] {
    if (this.#new.length === 0) return [];
    return this.#new.splice(0).map((table) => ({
      sql: numberOf(table.name),
      onRow: ([number = null]) => (table.number = number === table.before ? null : number),
    }));
  }

  /** What is sent at COMMIT. */
  tidy(): Control[] {
    const numbering = this.numberNew();
    return [...numbering, ...this.#tables.filter(({ number }) => number !== null).map(tidied)];
  }

  /** Those that every later COMMIT empties, too. */
  get lasting(): OnCommitTables {
    return new OnCommitTables(
      this.#tables.filter(({ action, number }) => action === 'delete rows' && number !== null),
    );
  }

  inherit(earlier: OnCommitTables): void {
    this.#tables.push(...earlier.#tables);
  }
}

function qualified(name: string): string {
  return pg.escapeLiteral(`pg_temp.${pg.escapeIdentifier(name)}`);
}

function numberOf(name: string): string {
  return `SELECT pg_catalog.to_regclass(${qualified(name)})::pg_catalog.oid`;
}

function tidied({ name, action, before, number }: OnCommitTable): string {
  const which =
    number === undefined
      ? `oid = pg_catalog.to_regclass(${qualified(name)}) AND oid <> ${before ?? '0'}`
      : `oid = ${String(number)}`;
  // The server does it as nobody; the app may be another user by now, who must not.
  return `DO $savepoint$
DECLARE
  found text;
  owner text;
  acts text := pg_catalog.current_setting('role');
  is_user text := pg_catalog.current_setting('session_authorization');
BEGIN
  SELECT oid::pg_catalog.regclass, pg_catalog.pg_get_userbyid(relowner) INTO found, owner
    FROM pg_catalog.pg_class WHERE ${which};
  IF found IS NULL THEN RETURN; END IF;
  IF owner <> current_user THEN
    SET SESSION AUTHORIZATION DEFAULT;
    IF owner <> current_user THEN PERFORM pg_catalog.set_config('role', owner, false); END IF;
  END IF;
  EXECUTE '${action === 'drop' ? 'DROP TABLE' : 'DELETE FROM'} ' || found;
  IF pg_catalog.current_setting('session_authorization') <> is_user THEN
    PERFORM pg_catalog.set_config('session_authorization', is_user, false);
  END IF;
  IF pg_catalog.current_setting('role') <> acts THEN
    PERFORM pg_catalog.set_config('role', acts, false);
  END IF;
END $savepoint$`;
}

/** CREATE TEMP TABLE … ON COMMIT DROP | DELETE ROWS. */
function tableMadeBy(tokens: readonly Token[]): Named | undefined {
  if (tokens[0]?.value !== 'create') return undefined;
  const words = tokens.map(({ kind, value }) => (kind === 'word' ? value : ''));
  const onCommit = words.findIndex((word, index) => word === 'on' && words[index + 1] === 'commit');
  const table = words.indexOf('table');
  if (onCommit === -1 || table === -1) return undefined;
  const named = words[table + 1] === 'if' ? table + 4 : table + 1;
  const isQualified = isSymbol(tokens[named + 1], '.');
  const name = tokens[isQualified ? named + 2 : named]?.value;
  const action = words[onCommit + 2];
  if (name === undefined || (action !== 'drop' && action !== 'delete')) return undefined;
  return { name, action: action === 'drop' ? 'drop' : 'delete rows' };
}
