/**
 * What brings an empty database to the schema of the app: its fingerprint, and running it. Knows
 * no template, and not who else may be at it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { SetupError } from '../setup-error.ts';
import { formatPlace, type Trace } from '../trace.ts';
import { codeOf } from './connect.ts';
import { thisRun, type Run } from './run.ts';

/**
 * Brings a database to the schema: over the connection it is given, which is closed afterwards, or
 * with a tool that takes a connection string.
 */
export type MigrateFunction = (client: pg.Client, connectionString: string) => unknown;

/**
 * The migrations of a database.
 * - SQL as a string
 * - `directory`: its `.sql` files, in the order of their names, `.down.sql` left out; a path from
 *   the working directory, or a `file:` URL
 * - a function: what it does cannot be known beforehand, so it runs once for every run
 * - a function with a `fingerprint` that changes whenever its result would: it runs once for each
 */
export type Migrate =
  | string
  | MigrateFunction
  | { readonly directory: string | URL }
  | { readonly fingerprint: string; readonly migrate: MigrateFunction };

/** Migrations that were read and can be named. */
export interface Migrations {
  /** The same for the same result, as far as that can be known. */
  readonly fingerprint: string;
  /** Set when they are known for this run only. */
  readonly run: Run | undefined;
  /** @throws SetupError `ERR_SAVEPOINT_MIGRATION`, the migration's own error first */
  readonly apply: (client: pg.Client, connectionString: string) => Promise<void>;
}

/**
 * Reads what the user gave.
 * @param origin where it was given: it tells functions of one run apart
 */
export async function readMigrations(migrate: Migrate, origin: Trace): Promise<Migrations> {
  if (typeof migrate === 'string') return fromSql([sqlGiven(migrate, origin)]);
  if (typeof migrate === 'function') {
    const run = await thisRun();
    const identity = [JSON.stringify(run), migrate.toString(), ...pathToModule(origin)];
    return fromFunction(migrate, origin, identity, run);
  }
  if ('directory' in migrate) return fromSql(await readDirectory(migrate.directory));
  return fromFunction(migrate.migrate, origin, [migrate.fingerprint], undefined);
}

/** One piece of SQL, sent to the server as it is. */
interface SqlSource {
  /** What stands for it in the fingerprint. */
  readonly name: string;
  readonly sql: string;
  /** Where a position in it is, for messages. */
  readonly locate: (line: number, column: number) => string;
}

function sqlGiven(sql: string, origin: Trace): SqlSource {
  const given = origin.place ? ` given at ${formatPlace(origin.place)}` : '';
  return {
    name: '',
    sql,
    locate: (line, column) => `line ${String(line)}, column ${String(column)} of the SQL${given}`,
  };
}

async function readDirectory(directory: string | URL): Promise<SqlSource[]> {
  const path = resolve(directory instanceof URL ? fileURLToPath(directory) : directory);
  const names = await readdir(path).catch((error: unknown) => {
    throw directoryError(
      `${path} cannot be read (${String(codeOf(error))}). A relative path starts at the working directory, ` +
        'new URL("./migrations", import.meta.url) at the file it stands in.',
    );
  });
  const wanted = names
    .filter((name) => name.endsWith('.sql') && !name.endsWith('.down.sql'))
    .sort();
  if (wanted.length === 0) throw directoryError(`${path} holds no .sql file.`);
  return Promise.all(wanted.map((name) => readSql(path, name)));
}

async function readSql(directory: string, name: string): Promise<SqlSource> {
  const file = join(directory, name);
  return {
    name,
    sql: await readFile(file, 'utf8'),
    locate: (line, column) => formatPlace({ file, line, column }),
  };
}

function directoryError(what: string): SetupError {
  return new SetupError('ERR_SAVEPOINT_MIGRATIONS', `The directory of migrations ${what}`);
}

function fromSql(sources: readonly SqlSource[]): Migrations {
  return {
    fingerprint: hash(['sql', ...sources.flatMap(({ name, sql }) => [name, sql])]),
    run: undefined,
    apply: async (client) => {
      for (const source of sources) {
        await client.query(source.sql).catch((error: unknown) => {
          throw migrationError(error, source);
        });
      }
    },
  };
}

function fromFunction(
  migrate: MigrateFunction,
  origin: Trace,
  identity: readonly string[],
  run: Run | undefined,
): Migrations {
  return {
    fingerprint: hash(['function', ...identity]),
    run,
    apply: async (client, connectionString) => {
      try {
        await migrate(client, connectionString);
        // Everything it sent has been answered now, what it did not wait for included.
        await client.query('');
      } catch (error) {
        throw migrationError(error);
      }
      assertNothingOpen(client, origin);
    },
  };
}

function assertNothingOpen(client: pg.Client, origin: Trace): void {
  // Drivers before 8.23 cannot say.
  if (!('getTransactionStatus' in client) || client.getTransactionStatus() === 'I') return;
  const given = origin.place ? ` given at ${formatPlace(origin.place)}` : '';
  throw new SetupError(
    'ERR_SAVEPOINT_MIGRATION',
    `The migration${given} ended with a transaction still open; what it did is lost. COMMIT at its end.`,
  );
}

/** The migration's own error, first; then where it happened. */
function migrationError(error: unknown, source?: SqlSource): SetupError {
  const { detail, hint, position } = Object(error) as Partial<pg.DatabaseError>;
  const lines = [
    error instanceof Error ? error.message : String(error),
    ...(source ? [`  at ${placeIn(source, Number(position ?? 1))}`] : []),
    ...(detail ? [`  detail: ${detail}`] : []),
    ...(hint ? [`  hint: ${hint}`] : []),
    '  This migration failed, so there is no database to test on; nothing of it was kept.',
  ];
  return new SetupError('ERR_SAVEPOINT_MIGRATION', lines.join('\n'), { cause: error });
}

/** @param position in characters, from 1, as the server counts */
function placeIn({ sql, locate }: SqlSource, position: number): string {
  const before = Array.from(sql)
    .slice(0, position - 1)
    .join('')
    .split('\n');
  const line = before.length;
  const text = sql.split('\n')[line - 1]?.trim() ?? '';
  return `${locate(line, Array.from(before.at(-1) ?? '').length + 1)}: ${text}`;
}

/**
 * The calls that lead to a place, as far as the module in which they begin: the same in every process
 * that loads that module, whoever loads it.
 */
function pathToModule({ frames }: Trace): readonly string[] {
  const synchronous = frames.filter((frame) => !frame.startsWith('at async '));
  const module = synchronous.findIndex((frame) => frame.startsWith('at Object.<anonymous> ('));
  return module === -1 ? synchronous : synchronous.slice(0, module + 1);
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
