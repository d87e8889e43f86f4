/**
 * Where the processes of one project and one user meet: a folder in the system's temporary
 * directory that nobody else can look into. Every server that ever ran there is a generation; its
 * socket answers for as long as it lives, so a number is never taken from a living server and a dead
 * one is never in the way. Knows nothing of PostgreSQL.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { SetupError } from '../../setup-error.ts';

/** Raised when the talk between processes changes, so that two versions never share a server. */
const PROTOCOL = 1;

const LOCK_FILES = [
  'package-lock.json',
  'npm-shrinkwrap.json',
  'pnpm-lock.yaml',
  'yarn.lock',
  'bun.lock',
  'bun.lockb',
];

/** The folder whose tests share a server: the nearest one with a lock file, else with a package.json. */
export function projectRoot(from: string = process.cwd()): string {
  const ancestors = ancestorsOf(resolve(from));
  return (
    ancestors.find((folder) => LOCK_FILES.some((name) => existsSync(join(folder, name)))) ??
    ancestors.find((folder) => existsSync(join(folder, 'package.json'))) ??
    resolve(from)
  );
}

function ancestorsOf(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...ancestorsOf(parent)];
}

/** The state folder of a project and the user who runs this process; it need not exist. */
export async function stateFolderOf(project: string): Promise<string> {
  const user = String(process.getuid?.() ?? userInfo().username);
  const identity = JSON.stringify([PROTOCOL, user, await realpath(project)]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  return join(await realpath(tmpdir()), `savepoint-${user}-${hash}`);
}

/**
 * Makes the state folder, or checks the one that is there.
 * @throws SetupError when it belongs to another user, or is no folder
 */
export async function makeStateFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700, recursive: true });
  const found = await lstat(path);
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw new SetupError(
      'ERR_SAVEPOINT_STATE_FOLDER',
      `${path} is not a folder of yours, so no server can be kept there. Remove it, or set TMPDIR to a folder of your own.`,
    );
  }
  await chmod(path, PRIVATE_MODE);
}

/**
 * Nobody else may look inside. PostgreSQL refuses to run as root, so for root it runs as another
 * user, who must be able to pass through to the data.
 */
const PRIVATE_MODE = process.getuid?.() === 0 ? 0o711 : 0o700;

/** One server's place in a state folder. */
export interface Generation {
  readonly number: number;
  /** The path that `net.connect` and `server.listen` take. */
  readonly socket: string;
  /** Everything the server writes. */
  readonly folder: string;
}

export function generation(state: string, number: number): Generation {
  const folder = join(state, String(number));
  const socket =
    process.platform === 'win32'
      ? `\\\\.\\pipe\\${basename(state)}-${String(number)}`
      : `${folder}.sock`;
  return { number, socket, folder };
}

/** Every generation that left a trace, the newest first. */
export async function generations(state: string): Promise<Generation[]> {
  const names = await readdir(state).catch(() => []);
  const numbers = names.map((name) => Number(/^(\d+)(\.sock)?$/.exec(name)?.[1] ?? 0));
  const unique = [...new Set(numbers)].filter((number) => number > 0);
  return unique.sort((a, b) => b - a).map((number) => generation(state, number));
}

/** Makes the folder of a generation. */
export async function makeGenerationFolder({ folder }: Generation): Promise<void> {
  await mkdir(folder, { mode: 0o700, recursive: true });
  await chmod(folder, PRIVATE_MODE);
}

/**
 * Removes all that a generation left, and the state folder with it when that was the last one. The
 * folder goes after the socket: while it is there, nobody takes the number anew.
 */
export async function removeGeneration(
  state: string,
  { folder, socket }: Generation,
): Promise<void> {
  if (process.platform !== 'win32') await rm(socket, { force: true });
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await rmdir(state).catch(() => undefined);
}
