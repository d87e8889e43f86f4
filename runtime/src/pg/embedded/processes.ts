/** What can be asked about a process of this machine that is not ours to hold. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
