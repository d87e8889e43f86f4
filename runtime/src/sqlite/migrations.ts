/** Building the migrated database, in memory, once per process; a copy of it is what tests start from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathOf, sqlFilesIn, type Directory } from '../migration-directory.ts';
import { SetupError } from '../setup-error.ts';
import type { Driver, Image, RawHandle } from './driver.ts';

/**
 * A function, which may be asynchronous; the SQL itself; or a directory whose `.sql` files run in
 * the order of their names, `.down.sql` left out: a path from the working directory, or a `file:` URL.
 */
export type Migration<H = never> =
  ((db: H) => unknown) | string | { readonly directory: Directory };

/** Values of pragmas by name, set on every handle when it is opened. */
export type Pragmas = Readonly<Record<string, string | number>>;

/** @throws SetupError `ERR_SAVEPOINT_MIGRATION` with the migration's own error as its cause */
export async function buildImage<H extends object>(
  driver: Driver<H>,
  migration: Migration<H> | undefined,
  pragmas: Pragmas,
  finish?: (raw: RawHandle<H>) => void,
): Promise<Image<H>> {
  const raw = driver.open(':memory:');
  try {
    setPragmas(raw, pragmas);
    if (migration !== undefined) await migrate(raw, migration);
    finish?.(raw);
    return await driver.imageOf(raw);
  } finally {
    if (raw.isOpen) raw.close();
  }
}

/** @throws SetupError `ERR_SAVEPOINT_SQLITE_PRAGMA` for what is no pragma and value */
export function setPragmas(raw: RawHandle, pragmas: Pragmas): void {
  for (const [name, value] of Object.entries(pragmas)) {
    try {
      raw.exec(`PRAGMA ${name} = ${String(value)}`);
    } catch (cause) {
      throw new SetupError(
        'ERR_SAVEPOINT_SQLITE_PRAGMA',
        `sqlite: PRAGMA ${name} = ${String(value)} failed: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

async function migrate<H extends object>(
  raw: RawHandle<H>,
  migration: Migration<H>,
): Promise<void> {
  if (typeof migration === 'string')
    await attempt('the SQL of `migrate`', () => {
      raw.exec(migration);
    });
  else if (typeof migration === 'function')
    await attempt('the function `migrate`', () => migration(raw.handle));
  else await migrateByFiles(raw, pathOf(migration.directory));
  if (!raw.isOpen) throw migrationError('the migrations closed the handle that they were given');
  if (raw.inTransaction)
    throw migrationError('the migrations left a transaction open; end it with COMMIT');
}

async function migrateByFiles(raw: RawHandle, directory: string): Promise<void> {
  for (const name of await sqlFilesIn(directory)) {
    const file = join(directory, name);
    await attempt(file, async () => {
      raw.exec(await readFile(file, 'utf8'));
    });
  }
}

async function attempt(what: string, run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw migrationError(`${what} failed: ${reason}`, cause);
  }
}

function migrationError(what: string, cause?: unknown): SetupError {
  return new SetupError('ERR_SAVEPOINT_MIGRATION', `sqlite: ${what}`, { cause });
}
