/** What is there on a Linux machine, found by looking: processes, sockets, files, shared memory. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Processes that were started together, as the files of one run. */
  readonly group: number;
  readonly command: string;
  readonly folder: string;
}

/** All that run now. */
export function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    return pid > 0 ? (read(pid) ?? []) : [];
  });
}

function read(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    return { pid, parent: Number(parent), group: Number(group), command, folder };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Those that work in a folder, as all do that are started for a project; none where nobody can tell. */
export function processesIn(folder: string): Process[] {
  if (process.platform !== 'linux') return [];
  return processes().filter((each) => `${each.folder}/`.startsWith(`${folder}/`));
}

/** Ends everything that works in a folder, at once. */
export function endAllIn(folder: string): void {
  for (const { pid } of processesIn(folder)) kill(pid);
}

/** How long a process may take to end by itself. */
const GRACE_MILLIS = 10_000;

/** Waits until nobody works in a folder any more. @returns who did not end by himself, and is ended */
export async function leftIn(folder: string, graceMillis = GRACE_MILLIS): Promise<string[]> {
  const until = performance.now() + graceMillis;
  while (processesIn(folder).length > 0 && performance.now() < until) await delay(20);
  const left = processesIn(folder);
  for (const { pid } of left) kill(pid);
  return left.map(({ pid, command }) => `${pid} ${command}`);
}

/** Ends a process, unless it has ended. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The numbers of a process and of all that it started, and those started. */
export function withDescendants({ pid }: Process): number[] {
  const children = processes().filter(({ parent }) => parent === pid);
  return [pid, ...children.flatMap(withDescendants)];
}

/** Everything in a folder, with the paths from there. Folders of data are not entered. */
export function filesIn(folder: string, from = ''): string[] {
  return readdirSync(join(folder, from), { withFileTypes: true }).flatMap((entry) => {
    const path = join(from, entry.name);
    return entry.isDirectory() && entry.name !== 'data' ? [path, ...filesIn(folder, path)] : [path];
  });
}

/** Paths of sockets that somebody listens on. */
export function sockets(): string[] {
  const rows = readFileSync('/proc/net/unix', 'utf8').split('\n').slice(1);
  return rows.flatMap((row) => row.trim().split(/\s+/)[7] ?? []);
}

/** Segments of System V shared memory. */
export function segments(): string[] {
  return readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n').slice(1);
}
