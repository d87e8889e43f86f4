/**
 * One real PostgreSQL server in one folder: made, started, stopped, and ended when whoever started
 * it was killed. Nothing it holds is worth keeping, so durability is off. Knows no users.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readyBinaries, unprivilegedUser, type Binaries, type RunAs } from './binaries.ts';
import { commandLineOf, isAlive } from './processes.ts';

/** How to reach a server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** A running server. */
export interface Postmaster {
  readonly address: ServerAddress;
  /** Settles when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends it at once, without a thought for the data. */
  readonly stop: () => Promise<void>;
}

const HOST = '127.0.0.1';
const USER = 'postgres';
const PORT_ATTEMPTS = 5;
const START_DEADLINE_MS = 60_000;
const KEPT_LOG_LINES = 30;

/** A locale with UTF-8 and an order by code point, as far as the platform has one. */
const LOCALES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'C.UTF-8',
  darwin: 'en_US.UTF-8',
};

const SETTINGS = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  max_connections: 200,
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Shared memory in the server's folder goes with it, also when the server was killed.
  ...(process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' }),
  // The log is read for the words that say the server is ready.
  lc_messages: 'C',
  logging_collector: 'off',
  log_destination: 'stderr',
};

/**
 * Makes a server in an empty folder and starts it on a free port.
 * @throws an Error with the last lines of the server's log
 */
export async function startPostmaster(folder: string): Promise<Postmaster> {
  const runAs = await unprivilegedUser();
  const binaries = await readyBinaries(folder, runAs);
  const password = randomBytes(24).toString('base64url');
  const data = dataFolder(folder);
  await initialise({ binaries, runAs, folder, data, password });
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const start = await startServer({ binaries, runAs, data, port });
    if (start.is === 'ready') {
      return { ...start.server, address: { host: HOST, port, user: USER, password } };
    }
    const taken = start.log.includes('could not bind');
    if (!taken || attempt === PORT_ATTEMPTS) throw new Error(`it did not start:\n${start.log}`);
  }
}

/** Ends the server that a killed keeper left in this folder, and no other. */
export async function endLeftover(folder: string): Promise<void> {
  const data = dataFolder(folder);
  const pid = await postmasterPid(data);
  if (pid === undefined || !isAlive(pid)) return;
  if (!(await commandLineOf(pid)).includes(data)) return;
  await end(pid);
}

function dataFolder(folder: string): string {
  return join(folder, 'data');
}

async function postmasterPid(data: string): Promise<number | undefined> {
  const file = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(file, 10);
  return pid > 0 ? pid : undefined;
}

interface Cluster {
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  readonly folder: string;
  readonly data: string;
  readonly password: string;
}

async function initialise({ binaries, runAs, folder, data, password }: Cluster): Promise<void> {
  const passwordFile = join(folder, randomBytes(12).toString('hex'));
  await mkdir(data, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (runAs) {
    await chown(data, runAs.uid, runAs.gid);
    await chown(passwordFile, runAs.uid, runAs.gid);
  }
  const flags = [
    `--pgdata=${data}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    `--locale=${LOCALES[process.platform] ?? 'C'}`,
    '--no-sync',
  ];
  try {
    const { log, exited } = watch(spawn(binaries.initdb, flags, { ...runAs, cwd: folder }));
    const code = await exited;
    if (code !== 0) throw new Error(`initdb failed:\n${log.text()}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

interface Launch {
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  readonly data: string;
  readonly port: number;
}

type Start =
  | { readonly is: 'ready'; readonly server: Pick<Postmaster, 'ended' | 'stop'> }
  | { readonly is: 'failed'; readonly log: string };

async function startServer({ binaries, runAs, data, port }: Launch): Promise<Start> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(binaries.postgres, ['-D', data, '-p', String(port), ...settings], {
    ...runAs,
    cwd: data,
  });
  const { log, exited } = watch(child);
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  const ready = await Promise.race([
    log.says('ready to accept connections').then(() => true),
    exited.then(() => false),
    once(deadline, 'abort').then(() => false),
  ]);
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null) await end(child.pid);
    await exited;
  };
  if (ready) return { is: 'ready', server: { ended: exited.then(() => undefined), stop } };
  await stop();
  return { is: 'failed', log: log.text() };
}

const POLL_MS = 20;
const ENDS_ITSELF_WITHIN_POLLS = 500;

/** Immediate shutdown: the server ends its own processes and gives its shared memory back. */
async function end(pid: number): Promise<void> {
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

/** Gathers what a program says, until it has ended. */
function watch(child: ChildProcess) {
  const log = new Log();
  child.stdout?.on('data', (chunk: Buffer) => {
    log.add(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    log.add(chunk);
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      log.add(error.message);
      resolve(null);
    });
    child.once('close', resolve);
  });
  return { log, exited };
}

/** The last lines a program wrote. */
class Log {
  #lines: string[] = [''];
  #awaited: { readonly words: string; readonly heard: () => void } | undefined;

  add(chunk: Buffer | string): void {
    const [first = '', ...more] = String(chunk).split('\n');
    this.#lines = [...this.#lines.slice(0, -1), (this.#lines.at(-1) ?? '') + first, ...more].slice(
      -KEPT_LOG_LINES,
    );
    const awaited = this.#awaited;
    if (awaited && this.text().includes(awaited.words)) awaited.heard();
  }

  says(words: string): Promise<void> {
    return new Promise((heard) => {
      this.#awaited = { words, heard };
    });
  }

  text(): string {
    return this.#lines.join('\n').trim();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
