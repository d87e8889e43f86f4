/** A PostgreSQL server of one test file's own, which it may stop, restart and exhaust. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readyBinaries, unprivilegedUser } from '../../../runtime/src/pg/embedded/binaries.ts';
import { startPostmaster } from '../../../runtime/src/pg/embedded/postmaster.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/** How a server is told to stop: it ends its sessions by itself, or just ends. */
export type StopMode = 'fast' | 'immediate';

export interface OwnServer {
  /** Of its database `postgres`. */
  readonly connectionString: string;
  stop(mode: StopMode): Promise<void>;
  start(): Promise<void>;
  /** Starts a server beside it that repeats what it commits. @returns its connection string */
  startStandby(): Promise<string>;
  /** Stops it for good and removes its folder. */
  remove(): Promise<void>;
}

/** Makes a server and starts it. @param maxConnections the server's own, those of superusers included */
export async function ownServer({ maxConnections = 20 } = {}): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'server-'));
  await chmod(folder, 0o755);
  const first = await startPostmaster(folder);
  await first.stop();
  const { host, port, user, password } = first.address;
  const data = join(folder, 'data');
  const runAs = await unprivilegedUser();
  const { postgres } = await readyBinaries(folder, runAs);
  const settings = {
    listen_addresses: host,
    unix_socket_directories: '',
    max_connections: maxConnections,
    superuser_reserved_connections: 0,
    fsync: 'off',
    ...(process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' }),
  };
  const options = [
    `-p ${String(port)}`,
    ...Object.entries(settings).map(([name, value]) => `-c ${name}='${String(value)}'`),
  ].join(' ');
  const controlIn = async (place: string, ...args: readonly string[]) => {
    await run(join(dirname(postgres), 'pg_ctl'), [...args, '-D', place, '-w', '-s'], {
      ...runAs,
      cwd: place,
    });
  };
  const control = (...args: readonly string[]) => controlIn(data, ...args);
  const standby = join(folder, 'standby');
  const server: OwnServer = {
    connectionString: `postgres://${user}:${password}@${host}:${String(port)}/postgres`,
    stop: (mode) => control('stop', '-m', mode),
    start: () => control('start', '-l', join(data, 'server.log'), '-o', options),
    startStandby: async () => {
      await server.stop('fast');
      await run('cp', ['-a', data, standby]);
      await server.start();
      await writeFile(join(standby, 'standby.signal'), '');
      const own = String(await freePort());
      const primary = `host=${host} port=${String(port)} user=${user} password=${password}`;
      const options_ = `${options} -p ${own} -c primary_conninfo='${primary}'`;
      await controlIn(standby, 'start', '-l', join(standby, 'server.log'), '-o', options_);
      return server.connectionString.replace(`:${String(port)}/`, `:${own}/`);
    },
    remove: async () => {
      await controlIn(standby, 'stop', '-m', 'immediate').catch(() => undefined);
      await server.stop('immediate').catch(() => undefined);
      await rm(folder, { recursive: true });
    },
  };
  await server.start();
  return server;
}
