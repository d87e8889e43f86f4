/** Which run a process belongs to: all test processes of one `node --test` are one run. */
import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isAlive, startOf } from './embedded/processes.ts';

/** A run, named by the process that stands for it. No two runs on any machine are the same. */
export interface Run {
  readonly host: string;
  readonly leader: number;
  /** When the leader started: its number may have been another's before. */
  readonly started: string;
}

/**
 * The process that stands for the run: the parent that node:test starts one process per file from,
 * or this process itself when its file was started alone, or its parent was killed.
 */
function runLeader(): number {
  const { ppid } = process;
  return process.env.NODE_TEST_CONTEXT?.startsWith('child') && isNode(ppid) ? ppid : process.pid;
}

/** The system gives an orphan to another parent, which lives for ever and runs no tests. */
function isNode(pid: number): boolean {
  if (process.platform !== 'linux') return pid !== 1;
  try {
    return readlinkSync(`/proc/${String(pid)}/exe`) === readlinkSync('/proc/self/exe');
  } catch {
    return false;
  }
}

/** The run of this process. */
export async function thisRun(): Promise<Run> {
  const leader = runLeader();
  return { host: hostname(), leader, started: await startOf(leader) };
}

/** Whether a run is known to go on. Of runs on other machines nothing is known. */
export async function isKnownToGoOn({ host, leader, started }: Run): Promise<boolean> {
  return host === hostname() && isAlive(leader) && (await startOf(leader)) === started;
}
