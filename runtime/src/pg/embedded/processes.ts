/** What can be asked about a process of this machine that is not ours to hold. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether a process with this number exists and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || !hasEnded(pid);
}

/** In a container whose first process reaps nobody, what has ended keeps its number for ever. */
function hasEnded(pid: number): boolean {
  try {
    const [state] = fieldsAfterName(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
    return state === 'Z' || state === 'X';
  } catch {
    return true;
  }
}

/** The fields of `/proc/<pid>/stat` after the second, the program's name, which may hold anything. */
function fieldsAfterName(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The program and arguments of a process; empty when it is gone or cannot be asked. */
export async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readProc(pid, 'cmdline');
  if (process.platform === 'win32') {
    return askWindows(
      `(Get-CimInstance Win32_Process -Filter ProcessId=${String(pid)}).CommandLine`,
    );
  }
  return output('ps', ['-o', 'command=', '-ww', '-p', String(pid)]);
}

const POSTGRES_PROGRAMS = ['postgres', 'initdb'];

/** Processes of PostgreSQL that were started with this folder or below it, or that work in it. */
export async function serverProcessesIn(folder: string): Promise<number[]> {
  if (process.platform !== 'linux') return listedServersIn(folder);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (!POSTGRES_PROGRAMS.includes((await readProc(pid, 'comm')).trim())) return [];
      // A server writes over its arguments; where it works it cannot hide.
      const works = await readlink(`/proc/${String(pid)}/cwd`).catch(() => '');
      const isThere = `${works}/`.startsWith(`${folder}/`);
      return isThere || (await commandLineOf(pid)).includes(folder) ? [pid] : [];
    }),
  );
  return found.flat();
}

async function listedServersIn(folder: string): Promise<number[]> {
  const all = await (process.platform === 'win32'
    ? askWindows(
        'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.CommandLine)" }',
      )
    : output('ps', ['-axo', 'pid=,command=', '-ww']));
  const isServer = new RegExp(`\\b(${POSTGRES_PROGRAMS.join('|')})\\b`);
  return all
    .split('\n')
    .filter((line) => line.includes(folder) && isServer.test(line))
    .map((line) => Number.parseInt(line.trim(), 10));
}

const POLL_MS = 20;
const ENDS_ITSELF_WITHIN_POLLS = 500;

/** Ends a process of PostgreSQL at once: immediate shutdown, in which it gives its shared memory back. */
export async function end(pid: number): Promise<void> {
  signal(pid, 'SIGQUIT');
  for (let polls = 0; isAlive(pid); polls += 1) {
    if (polls === ENDS_ITSELF_WITHIN_POLLS) signal(pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}

/** When a process started, in words that differ for two processes that had the same number. */
export async function startOf(pid: number): Promise<string> {
  const START_TIME = 19;
  if (process.platform === 'linux') {
    return fieldsAfterName(await readProc(pid, 'stat'))[START_TIME] ?? '';
  }
  if (process.platform === 'win32') {
    return askWindows(`(Get-Process -Id ${String(pid)}).StartTime.Ticks`);
  }
  return output('ps', ['-o', 'lstart=', '-p', String(pid)]);
}

function readProc(pid: number, file: string): Promise<string> {
  return readFile(`/proc/${String(pid)}/${file}`, 'utf8').catch(() => '');
}

function askWindows(command: string): Promise<string> {
  return output('powershell', ['-NoProfile', '-Command', command]);
}

async function output(program: string, parameters: string[]): Promise<string> {
  return run(program, parameters).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}
