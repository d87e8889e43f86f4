/** A directory of migrations: which files it holds, in which order, and what is wrong with it. Knows no database. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.ts';

/** A path from the working directory, or a `file:` URL. */
export type Directory = string | URL;

export function pathOf(directory: Directory): string {
  return resolve(directory instanceof URL ? fileURLToPath(directory) : directory);
}

/**
 * All files below a directory, by their paths in it with `/`, in the order of their names.
 * @throws SetupError `ERR_SAVEPOINT_MIGRATIONS` when it cannot be read
 */
export async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(
    (cause: unknown) => {
      const { code } = cause as NodeJS.ErrnoException;
      throw directoryError(
        `${path} cannot be read (${String(code)}). A relative path starts at the working directory, ` +
          'new URL("./migrations", import.meta.url) at the file it stands in.',
        cause,
      );
    },
  );
  const files = await Promise.all(
    entries.map(async (entry) => ((await isFile(entry)) ? [entry] : [])),
  );
  return files
    .flat()
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

/** Also one that is a link to a file; one that leads nowhere is not passed over in silence. */
async function isFile(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const target = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
  return target?.isFile() ?? true;
}

/**
 * The `.sql` files of a directory, those of its folders left out, and `.down.sql`, in the order of their names.
 * @throws SetupError `ERR_SAVEPOINT_MIGRATIONS` when it cannot be read, holds none, or two of one name
 */
export async function sqlFilesIn(path: string): Promise<string[]> {
  const files = (await filesIn(path)).filter(
    (file) => file.endsWith('.sql') && !file.endsWith('.down.sql') && !file.includes('/'),
  );
  const named = files.map((file) => ({ file, name: file.replace(/(\.up)?\.sql$/, '') }));
  assertDistinct(path, '.sql file', named);
  return files;
}

/** Something that is migrated by, and the name that tools know it by. */
interface Named {
  readonly file: string;
  readonly name: string;
}

/**
 * @throws SetupError `ERR_SAVEPOINT_MIGRATIONS` when there is no migration, or two bear one name,
 *   also where the names differ in case only, for they are one file on some systems
 */
export function assertDistinct(path: string, kind: string, migrations: readonly Named[]): void {
  if (migrations.length === 0) throw directoryError(`${path} holds no ${kind}.`);
  const seen = new Map<string, string>();
  for (const { file, name } of migrations) {
    const before = seen.get(name.toLowerCase());
    if (before !== undefined) {
      throw directoryError(
        `${path} holds two migrations of the name "${name}": ${before} and ${file}. Rename or remove one of them.`,
      );
    }
    seen.set(name.toLowerCase(), file);
  }
}

/** Stands for files by their names, their order and what they hold. */
export async function hashOf(path: string, files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const content = await readFile(join(path, file));
    // The lengths tell where one ends and the next begins.
    hash.update(JSON.stringify([file, content.length])).update(content);
  }
  return hash.digest('hex');
}

function directoryError(what: string, cause?: unknown): SetupError {
  return new SetupError('ERR_SAVEPOINT_MIGRATIONS', `The directory of migrations ${what}`, {
    cause,
  });
}
