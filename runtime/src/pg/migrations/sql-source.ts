/** A piece of SQL that is sent as it is, and where in it an error was. */
import type { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { formatPlace, type Trace } from '../../trace.ts';
import { splitStatements } from '../sql-lexer.ts';
import { migrationError } from './failure.ts';

export interface SqlSource {
  /** What stands for it in the fingerprint and in progress. */
  readonly name: string;
  readonly sql: string;
  /** Where a position in it is, for messages. */
  readonly locate: (line: number, column: number) => string;
}

/** SQL in the user's code. */
export function sqlGiven(sql: string, origin: Trace): SqlSource {
  const given = origin.place ? ` given at ${formatPlace(origin.place)}` : '';
  return {
    name: '',
    sql,
    locate: (line, column) => `line ${String(line)}, column ${String(column)} of the SQL${given}`,
  };
}

export async function sqlFile(file: string, name: string): Promise<SqlSource> {
  return {
    name,
    sql: await readFile(file, 'utf8'),
    locate: (line, column) => formatPlace({ file, line, column }),
  };
}

/** @throws SetupError `ERR_SAVEPOINT_MIGRATION` with the place in the source */
export async function runSql(client: pg.Client, source: SqlSource): Promise<void> {
  const done = countCommands(client);
  try {
    await client.query(source.sql);
  } catch (error) {
    const { position } = Object(error) as Partial<pg.DatabaseError>;
    throw migrationError(error, placeIn(source, Number(position ?? startOf(source, done.count))));
  } finally {
    done.stop();
  }
}

/** Of a text of several statements, the server answers each that is done before the one that fails. */
function countCommands(client: pg.Client) {
  const { connection } = client as pg.Client & { readonly connection: EventEmitter };
  const increment = () => {
    done.count++;
  };
  const done = {
    count: 0,
    stop: () => {
      connection.off('commandComplete', increment);
    },
  };
  connection.on('commandComplete', increment);
  return done;
}

/** Where a statement begins, in characters, from 1. */
function startOf({ sql }: SqlSource, index: number): number {
  const start = splitStatements(sql)[index]?.start ?? 0;
  return Array.from(sql.slice(0, start)).length + 1;
}

/** @param position in characters, from 1, as the server counts */
export function placeIn({ sql, locate }: SqlSource, position: number): string {
  const before = Array.from(sql)
    .slice(0, position - 1)
    .join('')
    .split('\n');
  const line = before.length;
  const text = sql.split('\n')[line - 1]?.trim() ?? '';
  return `${locate(line, Array.from(before.at(-1) ?? '').length + 1)}: ${text}`;
}
