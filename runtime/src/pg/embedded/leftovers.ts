/** What a killed keeper left of a server: its processes, and the shared memory they had. */
import { execFile } from 'node:child_process';
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dataFolder, ownerlessPlaces, removePlace } from './data-place.ts';
import { end, isAlive, serverProcessesIn } from './processes.ts';

const run = promisify(execFile);

/** Ends the server in this folder, and no other. */
export async function endLeftover(folder: string): Promise<void> {
  const data = dataFolder(folder);
  const names = new Set([data, await realpath(data).catch(() => data)]);
  const found = (await Promise.all([...names].map(serverProcessesIn))).flat();
  const { postmaster, segment } = await readPidFile(data);
  const key = await keyOf(data);
  // Told first, it ends its own processes and gives its memory back.
  const inOrder = found.includes(postmaster) ? [postmaster, ...found] : found;
  for (const pid of inOrder) if (isAlive(pid)) await end(pid);
  await removeSegments(segment, key);
}

/**
 * Removes places of data that nobody has any more, as when a keeper was killed before a link led
 * there. One in which a server runs is left to the next start of its project.
 */
export async function removeLostPlaces(): Promise<void> {
  for (const place of await ownerlessPlaces()) {
    if ((await serverProcessesIn(place)).length > 0) continue;
    const data = dataFolder(place);
    await removeSegments((await readPidFile(data)).segment, await keyOf(data));
    await removePlace(place);
  }
}

interface PidFile {
  readonly postmaster: number;
  /** The number of its segment of System V shared memory, which outlives a postmaster that is killed. */
  readonly segment: string | undefined;
}

async function readPidFile(data: string): Promise<PidFile> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const [pid = '', , , , , , memory = ''] = text.split('\n');
  const [, segment] = memory.trim().split(/\s+/);
  return { postmaster: Number.parseInt(pid, 10), segment };
}

/** What initdb's server calls its segment, when it crashed and initdb has removed all it wrote. */
async function keyOf(data: string): Promise<string | undefined> {
  const found = await stat(data).catch(() => undefined);
  const AS_INTEGER = 0;
  return found && String(found.ino | AS_INTEGER);
}

/** What a server leaves is of this size. */
const BYTES = '56';

/** Removes segments of that number or key which nobody uses: both are used anew some time. */
async function removeSegments(id: string | undefined, key: string | undefined): Promise<void> {
  const table = await readFile('/proc/sysvipc/shm', 'utf8').catch(() => '');
  for (const row of table.split('\n').slice(1)) {
    const [itsKey, itsId = '', , size, , , users] = row.trim().split(/\s+/);
    if ((itsId !== id && itsKey !== key) || size !== BYTES || users !== '0') continue;
    // Where the program is not installed, 56 bytes stay until the next start of the machine.
    await run('ipcrm', ['-m', itsId]).catch(() => undefined);
  }
}
