/** Which run a process belongs to: all test processes of one `node --test` are one run. */
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
 * or this process itself when its file was started alone.
 */
export function runLeader(): number {
  return process.env.NODE_TEST_CONTEXT?.startsWith('child') ? process.ppid : process.pid;
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
