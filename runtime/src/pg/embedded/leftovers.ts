/** What a killed keeper left of a server: its processes, and the shared memory they had. */
import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
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
  // Told first, it ends its own processes and gives its memory back.
  const inOrder = found.includes(postmaster) ? [postmaster, ...found] : found;
  for (const pid of inOrder) if (isAlive(pid)) await end(pid);
  if (segment) await removeSegment(segment);
}

/**
 * Removes places of data that nobody has any more, as when a keeper was killed before a link led
 * there. One in which a server runs is left to the next start of its project.
 */
export async function removeLostPlaces(): Promise<void> {
  for (const place of await ownerlessPlaces()) {
    if ((await serverProcessesIn(place)).length > 0) continue;
    const { segment } = await readPidFile(dataFolder(place));
    if (segment) await removeSegment(segment);
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

/** Only one that nobody uses; a number is used anew some time. */
async function removeSegment(id: string): Promise<void> {
  const table = await readFile('/proc/sysvipc/shm', 'utf8').catch(() => '');
  const columns = table.split('\n', 1)[0]?.trim().split(/\s+/) ?? [];
  const rows = table.split('\n').map((row) => row.trim().split(/\s+/));
  const row = rows.find((cells) => cells[columns.indexOf('shmid')] === id);
  const POSTGRES_SIZE = '56';
  if (row?.[columns.indexOf('nattch')] !== '0' || !row.includes(POSTGRES_SIZE)) return;
  // Where the program is not installed, 56 bytes stay until the next start of the machine.
  await run('ipcrm', ['-m', id]).catch(() => undefined);
}
