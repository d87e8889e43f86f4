/** Which run a process belongs to: all test processes of one `node --test` are one run. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { startOf } from './embedded/processes.ts';

/**
 * The process that stands for the run: the parent that node:test starts one process per file from,
 * or this process itself when its file was started alone.
 */
export function runLeader(): number {
  return process.env.NODE_TEST_CONTEXT?.startsWith('child') ? process.ppid : process.pid;
}

/** A short name of this run, different from every other run's, on any machine. */
export async function runId(): Promise<string> {
  const leader = runLeader();
  const identity = JSON.stringify([hostname(), leader, await startOf(leader)]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}
