/**
 * Where the contenders and the server run. Whether the scheduler puts the two ends of a connection on
 * one core or on two is worth a factor of two in a round trip, and it changes its mind between rounds;
 * so they are kept apart: the contenders' main threads on the first core, the server on the others.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import type pg from 'pg';

const run = promisify(execFile);
const cores = os.availableParallelism();
let apart = false;

/** Keeps the main thread of a process on the first core, if the server is kept on the others. */
export async function keepOnFirstCore(pid: number | undefined): Promise<void> {
  if (pid !== undefined && apart) await place(pid, '0');
}

/**
 * Keeps a server, and every process that it starts from now on, on the other cores.
 * @param owner connected to it
 * @returns whether it could be done: not for a server on another machine, or where `taskset` is not
 */
export async function keepOnOtherCores(owner: pg.Client): Promise<boolean> {
  if (cores < 2 || process.platform !== 'linux') return false;
  const { rows } = await owner.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = await parentOf(rows[0]?.pid ?? 0);
  if (postmaster === undefined) return false;
  const others = `1-${String(cores - 1)}`;
  try {
    for (const pid of [postmaster, ...(await childrenOf(postmaster))]) await place(pid, others);
    apart = true;
  } catch {
    // Wherever the scheduler puts them, then.
  }
  return apart;
}

function place(pid: number, on: string): Promise<unknown> {
  return run('taskset', ['-cp', on, String(pid)]);
}

/** @returns undefined when no such process of this machine is a PostgreSQL's */
async function parentOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return /^Name:\s+postgres/m.test(status)
    ? Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
    : undefined;
}

async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, index) => parents[index] === parent);
}
