/**
 * Where the data of a server is: in memory where the system offers room for files there, else beside
 * the server's other files. A place elsewhere bears the name of the process that made it, so that
 * anyone can tell whether it still has an owner.
 */
import { mkdir, readdir, readlink, rm, statfs, symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '../../setup-error.ts';
import { makePrivateFolder } from './private-folder.ts';
import { isAlive, startOf } from './processes.ts';

/** Where Linux keeps files in memory. */
const MEMORY = '/dev/shm';
/** With less, a suite of some size would fill it: a container gets 64 MB unless told otherwise. */
const ROOM_IN_MEMORY = 1024 ** 3;

/** The name of the data in a server's folder: a link to where it is, or the data itself. */
export function dataFolder(folder: string): string {
  return join(folder, 'data');
}

/**
 * Finds a place for the data of a server and links it into the server's folder, unless it is to be
 * in that folder itself. `SAVEPOINT_SERVER_DATA` names another place than memory.
 *
 * @throws SetupError `ERR_SAVEPOINT_SERVER_DATA` when the folder it names cannot be used
 */
export async function placeData(folder: string): Promise<void> {
  const named = process.env.SAVEPOINT_SERVER_DATA;
  if (named) {
    await linkPlaceIn(named, folder).catch((error: unknown) => {
      throw cannotUse(named, error);
    });
  } else if (await hasRoomInMemory()) {
    // On the disk it is slower, and as good.
    await linkPlaceIn(MEMORY, folder).catch(() => undefined);
  }
}

async function hasRoomInMemory(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const { bavail, bsize } = await statfs(MEMORY).catch(() => ({ bavail: 0, bsize: 0 }));
  // Files there count against the limit of a container.
  return Math.min(bavail * bsize, process.availableMemory()) >= ROOM_IN_MEMORY;
}

async function linkPlaceIn(parent: string, folder: string): Promise<void> {
  const place = join(parent, await nameFor(process.pid));
  await makePrivateFolder(place);
  await mkdir(join(place, 'data'), { mode: 0o700 });
  await symlink(join(place, 'data'), dataFolder(folder), 'junction');
}

function cannotUse(named: string, error: unknown): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_SERVER_DATA',
    `${named}, which SAVEPOINT_SERVER_DATA names, cannot hold its data (${(error as Error).message}). ` +
      'Name a folder that is there and can be written to, or leave it out.',
    { cause: error },
  );
}

/** Removes the data of a server that is not in the server's folder. */
export async function removeLinkedData(folder: string): Promise<void> {
  const data = await readlink(dataFolder(folder)).catch(() => undefined);
  if (data) await removePlace(dirname(data));
}

/**
 * Places whose maker is no more. A link to them may be left, and a server in them.
 * @returns their paths
 */
export async function ownerlessPlaces(): Promise<string[]> {
  const found: string[] = [];
  for (const parent of new Set([MEMORY, process.env.SAVEPOINT_SERVER_DATA || MEMORY])) {
    for (const name of await readdir(parent).catch(() => [])) {
      if (await isOwnerless(join(parent, name))) found.push(join(parent, name));
    }
  }
  return found;
}

async function isOwnerless(place: string): Promise<boolean> {
  const prefix = await prefixOfNames();
  const name = basename(place);
  if (!name.startsWith(prefix)) return false;
  const pid = Number.parseInt(name.slice(prefix.length), 10);
  return !isAlive(pid) || (await nameFor(pid)) !== name;
}

/** Removes a place with all that is in it. */
export async function removePlace(place: string): Promise<void> {
  await rm(place, { recursive: true, force: true, maxRetries: 5 });
}

/** The same for no other process, and none before it. */
async function nameFor(pid: number): Promise<string> {
  return `${await prefixOfNames()}${String(pid)}-${digitsOf(await startOf(pid))}`;
}

/** For the places of this user whose owners this process could see: containers may share memory. */
async function prefixOfNames(): Promise<string> {
  const user = String(process.getuid?.() ?? userInfo().username);
  const processes = await readlink('/proc/self/ns/pid').catch(() => '');
  return `savepoint-${user}-${digitsOf(processes)}-`;
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}
