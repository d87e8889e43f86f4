/**
 * What brings an empty database to the schema of the app: its fingerprint, and running it. Knows
 * no template, and not who else may be at it.
 */
import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type pg from 'pg';
import {
  assertDistinct,
  filesIn,
  hashOf,
  pathOf,
  sqlFilesIn,
  type Directory,
} from '../migration-directory.ts';
import { SetupError } from '../setup-error.ts';
import { formatPlace, traceOf, type Trace } from '../trace.ts';
import { digest } from './database-names.ts';
import { projectRoot } from './embedded/state-folder.ts';
import { migrationError } from './migrations/failure.ts';
import { LIBRARIES, type LibraryName } from './migrations/libraries.ts';
import { AtMigration, lineIn, type Library } from './migrations/library.ts';
import { placeIn, runSql, sqlFile, sqlGiven, type SqlSource } from './migrations/sql-source.ts';
import { thisRun, type Run } from './run.ts';

/**
 * Brings a database to the schema: over the connection it is given, which is closed afterwards, or
 * with a tool that takes a connection string. It ends every connection that it opens itself.
 */
export type MigrateFunction = (client: pg.Client, connectionString: string) => unknown;

/** Options for a library, or what makes them for the database that is migrated. */
export type LibraryOptions =
  | Readonly<Record<string, unknown>>
  | ((client: pg.Client, connectionString: string) => Readonly<Record<string, unknown>>);

/**
 * The migrations of a database.
 * - SQL as a string
 * - `directory`: its `.sql` files, in the order of their names, `.down.sql` left out; a path from
 *   the working directory, or a `file:` URL
 * - `directory` and `with`: the directory of a migration library, run by that library, which is to be
 *   installed; `options` are passed on to it. Prisma's are run without Prisma
 * - a function: what it does cannot be known beforehand, so it runs once for every run
 * - a function with a `fingerprint` that changes whenever its result would: it runs once for each
 */
export type Migrate =
  | string
  | MigrateFunction
  | { readonly directory: Directory }
  | {
      readonly directory: Directory;
      readonly with: LibraryName;
      readonly options?: LibraryOptions | undefined;
    }
  | { readonly fingerprint: string; readonly migrate: MigrateFunction };

/** Where migrations were declared. */
export interface Origin {
  readonly trace: Trace;
  /** Tells the declarations of one file apart. */
  readonly number: number;
}

/** Migrations that were read and can be named. */
export interface Migrations {
  /** The same for the same result, as far as that can be known. */
  readonly fingerprint: string;
  /** The same for what is declared in one place, whatever it says. */
  readonly lineage: string;
  /** Set when they are known for this run only. */
  readonly run: Run | undefined;
  /**
   * @param begins told what runs, for whoever waits
   * @throws SetupError `ERR_SAVEPOINT_MIGRATION`, the migration's own error first
   */
  readonly apply: (
    client: pg.Client,
    connectionString: string,
    begins?: (what: string) => void,
  ) => Promise<void>;
}

type Read = Omit<Migrations, 'lineage'>;

/** Reads what the user gave. */
export async function readMigrations(migrate: Migrate, origin: Origin): Promise<Migrations> {
  return { ...(await read(migrate, origin.trace)), lineage: lineageOf(migrate, origin) };
}

async function read(migrate: Migrate, origin: Trace): Promise<Read> {
  if (typeof migrate === 'string') return fromSql([sqlGiven(migrate, origin)]);
  if (typeof migrate === 'function') {
    const run = await thisRun();
    const identity = [JSON.stringify(run), migrate.toString(), ...pathToModule(origin)];
    return fromFunction(migrate, origin, identity, run);
  }
  if ('fingerprint' in migrate) {
    return fromFunction(migrate.migrate, origin, [migrate.fingerprint], undefined);
  }
  const path = pathOf(migrate.directory);
  if (!('with' in migrate)) return fromSql(await readDirectory(path));
  return fromLibrary(migrate.with, LIBRARIES[migrate.with], path, migrate.options ?? {});
}

// ---- SQL

async function readDirectory(path: string): Promise<SqlSource[]> {
  const files = await sqlFilesIn(path);
  return Promise.all(files.map((file) => sqlFile(join(path, file), file)));
}

function fromSql(sources: readonly SqlSource[]): Read {
  return {
    fingerprint: hash(['sql', ...sources.flatMap(({ name, sql }) => [name, sql])]),
    run: undefined,
    apply: async (client, _connectionString, begins) => {
      for (const [index, source] of sources.entries()) {
        if (source.name)
          begins?.(`${source.name} (${String(index + 1)} of ${String(sources.length)})`);
        await runSql(client, source);
      }
    },
  };
}

// ---- libraries

async function fromLibrary(
  name: LibraryName,
  library: Library,
  path: string,
  given: LibraryOptions,
): Promise<Read> {
  const files = (await filesIn(path)).filter((file) => library.ignores?.test(file) !== true);
  const migrations = files.flatMap((file) => {
    const known = library.nameOf(file);
    return known === undefined ? [] : [{ file, name: known }];
  });
  assertDistinct(path, `migration of ${name}`, migrations);
  const identity = [name, textOf(given), await hashOf(path, files)];
  return {
    fingerprint: hash(['library', ...identity]),
    run: undefined,
    apply: async (client, connectionString, begins = () => undefined) => {
      const options = typeof given === 'function' ? given(client, connectionString) : given;
      try {
        await library.run({ client, connectionString, directory: path, options, begins });
      } catch (error) {
        throw await failureOf(error, path, migrations);
      }
    },
  };
}

/** Where in a library's directory something failed: by the stack, by the text that was sent, by the file. */
async function failureOf(
  error: unknown,
  path: string,
  migrations: readonly { readonly file: string; readonly name: string }[],
): Promise<SetupError> {
  // Its place is told already.
  if (error instanceof SetupError) return error;
  const told = error instanceof AtMigration ? error.migration : undefined;
  const own = error instanceof AtMigration ? error.cause : error;
  const suspects = migrations.filter(
    ({ file, name }) => told === undefined || told === name || told === file,
  );
  const line = lineIn(path, own) ?? (await placeOfText(own, path, suspects));
  const [only, second] = suspects;
  const file = only && !second ? join(path, only.file) : undefined;
  // Drizzle wraps the server's error in one that only repeats the statement.
  const innermost = own instanceof Error && own.cause instanceof Error ? own.cause : own;
  return migrationError(innermost, line ?? file);
}

/** The place of a statement that failed, when it stands in a file of SQL as it was sent. */
async function placeOfText(
  error: unknown,
  path: string,
  suspects: readonly { readonly file: string }[],
): Promise<string | undefined> {
  const { query, cause } = Object(error) as { query?: unknown; cause?: unknown };
  const { position } = Object(cause ?? error) as Partial<pg.DatabaseError>;
  for (const { file } of suspects) {
    if (!file.endsWith('.sql')) continue;
    const source = await sqlFile(join(path, file), file);
    const begins = typeof query === 'string' ? source.sql.indexOf(query) : 0;
    if (begins === -1) continue;
    const before = Array.from(source.sql.slice(0, begins)).length;
    return placeIn(source, before + Number(position ?? 1));
  }
  return undefined;
}

function textOf(options: LibraryOptions): string {
  if (typeof options === 'function') return options.toString();
  return JSON.stringify(options, (_, value: unknown) =>
    typeof value === 'function' ? String(value) : value,
  );
}

// ---- functions

function fromFunction(
  migrate: MigrateFunction,
  origin: Trace,
  identity: readonly string[],
  run: Run | undefined,
): Read {
  return {
    fingerprint: hash(['function', ...identity]),
    run,
    apply: async (client, connectionString) => {
      try {
        await migrate(client, connectionString);
        // Everything it sent has been answered now, what it did not wait for included.
        await client.query('');
      } catch (error) {
        throw migrationError(error, lineOf(error));
      }
      assertNothingOpen(client, origin);
    },
  };
}

/** The innermost line of the user's that an error comes from. */
function lineOf(error: unknown): string | undefined {
  const { place } = error instanceof Error ? traceOf(error.stack ?? '') : { place: undefined };
  return place && formatPlace(place);
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

// ---- who they are

/**
 * The calls that lead to a place, as far as the module in which they begin: the same in every process
 * that loads that module, whoever loads it.
 */
function pathToModule({ frames }: Trace): readonly string[] {
  const synchronous = frames.filter((frame) => !frame.startsWith('at async '));
  const module = synchronous.findIndex((frame) => frame.startsWith('at Object.<anonymous> ('));
  return module === -1 ? synchronous : synchronous.slice(0, module + 1);
}

/** The same on every machine and in every checkout. */
function lineageOf(migrate: Migrate, { trace, number }: Origin): string {
  const root = projectRoot();
  const inProject = (file: string) => relative(root, file).replaceAll('\\', '/');
  const declared =
    typeof migrate === 'object' && 'directory' in migrate
      ? inProject(pathOf(migrate.directory))
      : `${inProject(trace.place?.file ?? '')}#${String(number)}`;
  return hash([nameOfProject(root), declared]).slice(0, 16);
}

function nameOfProject(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      name?: unknown;
    };
    if (typeof name === 'string') return name;
  } catch {
    // A project need not have a name.
  }
  return basename(root);
}

function hash(parts: readonly string[]): string {
  return digest(parts).toString('hex');
}
