/** Rows that were read, said as a query that gives them again: the same columns, types and order. Words only. */
import pg from 'pg';
import type { Fields } from './exchange.ts';

export interface NamedColumn {
  readonly name: string;
  /** As the server says it, with its modifier. */
  readonly type: string;
}

/** @param rows their fields as texts; one that is absent is NULL */
export function queryOf(columns: readonly NamedColumn[], rows: readonly Fields[]): string {
  if (columns.length === 0)
    return `SELECT FROM pg_catalog.generate_series(1, ${String(rows.length)})`;
  // Two columns may have one name.
  const places = columns.map((_, at) => `c${String(at)}`);
  const said = columns.map(({ name }, at) => `${places[at] ?? ''} AS ${pg.escapeIdentifier(name)}`);
  const values = (rows.length > 0 ? rows : [[]]).map((fields) => rowOf(columns, fields));
  const none = rows.length > 0 ? '' : ' WHERE false';
  return `SELECT ${said.join()} FROM (VALUES ${values.join()}) AS said (${places.join()})${none}`;
}

function rowOf(columns: readonly NamedColumn[], fields: Fields): string {
  return `(${columns.map(({ type }, at) => `CAST(${literal(fields[at])} AS ${type})`).join()})`;
}

function literal(field: string | null | undefined): string {
  return field === null || field === undefined ? 'NULL' : pg.escapeLiteral(field);
}
