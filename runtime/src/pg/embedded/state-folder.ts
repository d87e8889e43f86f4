/**
 * Where the processes of one project and one user meet: a folder in the system's temporary
 * directory that nobody else can look into. Every server that ever ran there is a generation; its
 * socket answers for as long as it lives, so a number is never taken from a living server and a dead
 * one is never in the way.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rm, rmdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { SetupError } from '../../setup-error.ts';
import { removeLinkedData } from './data-place.ts';
import { makePrivate } from './private-folder.ts';

/** Raised when the talk between processes changes, so that two versions never share a server. */
const PROTOCOL = 2;

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

/**
 * The state folder of a project and a user of the system; it need not exist.
 * @param user absent: who runs this process
 * @throws SetupError `ERR_SAVEPOINT_STATE_FOLDER` when there can be none
 */
export async function stateFolderOf(
  project: string,
  user = String(process.getuid?.() ?? userInfo().username),
): Promise<string> {
  const identity = JSON.stringify([PROTOCOL, user, await realpath(project)]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 10);
  const temporary = await realpath(tmpdir()).catch((error: unknown) => {
    throw unusable(`${tmpdir()} cannot be used (${(error as Error).message})`, error);
  });
  const state = join(temporary, `savepoint-${user}-${hash}`);
  const { socket } = generation(state, HIGHEST);
  if (process.platform !== 'win32' && Buffer.byteLength(socket) > LONGEST_SOCKET) {
    throw unusable(`${temporary} is too long: a socket in it has to have a name, too`);
  }
  return state;
}

const HIGHEST = 99_999;
/** In bytes, on the system that allows the fewest. */
const LONGEST_SOCKET = 103;

/**
 * Refuses a state folder that somebody else made: who answers there may be anyone.
 * @throws SetupError `ERR_SAVEPOINT_STATE_FOLDER`
 */
export async function assertOwn(state: string): Promise<void> {
  const found = await lstat(state).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid())) {
    throw unusable(`${state} is not a folder of yours. Remove it, if you may`);
  }
}

/** Makes the state folder, or takes the one that is there. @throws as `assertOwn` does */
export async function makeStateFolder(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700, recursive: true });
  await assertOwn(path);
  await makePrivate(path);
}

function unusable(what: string, cause?: unknown): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_STATE_FOLDER',
    `${what}. The processes of a run meet in the folder for temporary files: set TMPDIR to one of your own, with a short name.`,
    { cause },
  );
}

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
  await makePrivate(folder);
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
  await removeLinkedData(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  await rmdir(state).catch(() => undefined);
}
