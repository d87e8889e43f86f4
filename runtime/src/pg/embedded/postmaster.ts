/**
 * One real PostgreSQL server in one folder: made, started, stopped. Nothing it holds is worth
 * keeping, so durability is off. Knows no users.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { readyBinaries, unprivilegedUser, type Binaries } from './binaries.ts';
import { makeCluster, SHARED_MEMORY, SUPERUSER, type Site } from './cluster.ts';
import { dataFolder } from './data-place.ts';
import { end, serverProcessesIn } from './processes.ts';
import { watch } from './program.ts';

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
  /** Calls with what the server says of trouble that is not a statement's: a full disk, a crash. */
  readonly onTrouble: (listener: (line: string) => void) => void;
  /** Settles when the server has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends it at once, without a thought for the data. */
  readonly stop: () => Promise<void>;
}

const HOST = '127.0.0.1';
const PORT_ATTEMPTS = 5;
const START_DEADLINE_MS = 60_000;

function settingsFor({ major }: Binaries): Record<string, string | number> {
  return {
    listen_addresses: HOST,
    unix_socket_directories: '',
    max_connections: 200,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    // The log is for nobody, and may be in memory.
    max_wal_size: '256MB',
    min_wal_size: '16MB',
    dynamic_shared_memory_type: SHARED_MEMORY,
    // The log is read for the words that say the server is ready.
    lc_messages: 'C',
    logging_collector: 'off',
    log_destination: 'stderr',
    // What a killed test was waiting for is not waited for to its end.
    ...(process.platform !== 'win32' && major >= 14
      ? { client_connection_check_interval: '500ms' }
      : {}),
  };
}

/**
 * Makes a server in an empty folder and starts it on a free port.
 * @param findPort a port that is likely to be free; asked again when it turns out not to be
 * @throws an Error with the last lines of the server's log
 */
export async function startPostmaster(folder: string, findPort = freePort): Promise<Postmaster> {
  const runAs = await unprivilegedUser();
  const site = {
    runAs,
    binaries: await readyBinaries(folder, runAs),
    data: dataFolder(folder),
  };
  const password = await makeCluster(site);
  for (let attempt = 1; ; attempt += 1) {
    const port = await findPort();
    const start = await startServer(site, port);
    if (start.is === 'ready') {
      return { ...start.server, address: { host: HOST, port, user: SUPERUSER, password } };
    }
    const taken = start.log.includes('could not bind');
    if (!taken || attempt === PORT_ATTEMPTS) throw new Error(`it did not start:\n${start.log}`);
  }
}

type Start =
  | { readonly is: 'ready'; readonly server: Omit<Postmaster, 'address'> }
  | { readonly is: 'failed'; readonly log: string };

async function startServer({ binaries, runAs, data }: Site, port: number): Promise<Start> {
  const settings = Object.entries(settingsFor(binaries)).flatMap(([name, value]) => [
    '-c',
    `${name}=${String(value)}`,
  ]);
  const command = [binaries.postgres, '-D', data, '-p', String(port), ...settings];
  const [program = '', ...args] = HAS_SHELL ? ['/bin/sh', '-c', GUARD, 'sh', ...command] : command;
  const child = spawn(program, args, { ...runAs, cwd: data });
  const { log, exited } = watch(child);
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  const ready = await Promise.race([
    log.says('ready to accept connections').then(() => true),
    exited.then(() => false),
    once(deadline, 'abort').then(() => false),
  ]);
  const stop = async () => {
    child.stdin.end();
    for (const pid of await serverProcessesIn(data)) await end(pid);
    await exited;
  };
  if (ready) {
    const onTrouble: Postmaster['onTrouble'] = (listener) => {
      log.onLine((line) => {
        if (TROUBLE.test(line)) listener(line);
      });
    };
    return { is: 'ready', server: { onTrouble, ended: exited.then(() => undefined), stop } };
  }
  await stop();
  return { is: 'failed', log: log.text() };
}

const HAS_SHELL = process.platform !== 'win32';

/**
 * Ends the server when the input of this shell does: whoever started it holds the other end for as
 * long as he lives, and the system lets go of it however he dies.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ read -r _ <&3; kill -QUIT "$server"; } 2>/dev/null &
guard=$!
wait "$server"
code=$?
kill "$guard" 2>/dev/null
exit "$code"`;

/** What the log says of it, among statements that failed as they should. */
const TROUBLE = /PANIC: |terminated by signal|No space left on device|Disk quota exceeded/;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
