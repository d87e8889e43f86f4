/** Building the migrated database, in memory, once per process; a copy of it is what tests start from. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { openHandle, type Handle } from './driver.ts';

/** A function, which may be asynchronous; the SQL itself; or a directory whose `.sql` files run in the order of their names. */
export type Migration = ((db: Handle) => unknown) | string | { readonly directory: string };

/** Values of pragmas by name, set on every handle when it is opened. */
export type Pragmas = Readonly<Record<string, string | number>>;

/** A migrated database as bytes. */
export interface Image {
  readonly bytes: Buffer;
  /** The same for the same bytes. */
  readonly fingerprint: string;
}

/** @throws SetupError `ERR_SAVEPOINT_MIGRATION` with the migration's own error as its cause */
export async function buildImage(
  migration: Migration | undefined,
  pragmas: Pragmas,
): Promise<Image> {
  const handle = openHandle(':memory:');
  try {
    setPragmas(handle, pragmas);
    if (migration !== undefined) await migrate(handle, migration);
    const bytes = handle.serialize();
    return { bytes, fingerprint: createHash('sha256').update(bytes).digest('hex') };
  } finally {
    handle.close();
  }
}

export function setPragmas(handle: Handle, pragmas: Pragmas): void {
  for (const [name, value] of Object.entries(pragmas)) handle.pragma(`${name} = ${String(value)}`);
}

async function migrate(handle: Handle, migration: Migration): Promise<void> {
  if (typeof migration === 'string')
    await attempt('the SQL of `migrate`', () => handle.exec(migration));
  else if (typeof migration === 'function')
    await attempt('the function `migrate`', () => migration(handle));
  else
    for (const file of await sqlFiles(migration.directory))
      await attempt(file, async () => handle.exec(await readFile(file, 'utf8')));
  if (handle.inTransaction) {
    throw new SetupError(
      'ERR_SAVEPOINT_MIGRATION',
      'sqlite: the migrations left a transaction open; end it with COMMIT',
    );
  }
}

async function attempt(what: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SetupError('ERR_SAVEPOINT_MIGRATION', `sqlite: ${what} failed: ${reason}`, { cause });
  }
}

async function sqlFiles(directory: string): Promise<string[]> {
  const files = await readdir(directory).catch((cause: unknown) => {
    throw new SetupError(
      'ERR_SAVEPOINT_MIGRATION',
      `sqlite: the directory of migrations cannot be read: ${directory}`,
      { cause },
    );
  });
  const sql = files.filter((file) => file.endsWith('.sql')).sort();
  if (sql.length === 0)
    throw new SetupError(
      'ERR_SAVEPOINT_MIGRATION',
      `sqlite: no .sql file in the directory of migrations: ${directory}`,
    );
  return sql.map((file) => join(directory, file));
}
