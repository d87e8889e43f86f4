/** What is there on a Linux machine, found by looking: processes, sockets, files, shared memory. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

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
