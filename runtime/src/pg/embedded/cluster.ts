/**
 * What a server stands on: a folder with an empty cluster and a password nobody else has. Copied
 * from an image where there is one, made by initdb where there is none. Starts no server.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries, RunAs } from './binaries.ts';
import { Image } from './image.ts';
import { watch } from './program.ts';

export const SUPERUSER = 'postgres';

/** A locale with UTF-8 and an order by code point, as far as the platform has one. */
const LOCALES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'C.UTF-8',
  darwin: 'en_US.UTF-8',
};

/** Shared memory in the server's folder goes with it, also when the server was killed. */
export const SHARED_MEMORY = process.platform === 'win32' ? 'windows' : 'mmap';

/** Without a password: every cluster is given its own, so that an image holds no secret. */
function initdbFlags({ major }: Binaries): string[] {
  return [
    `--username=${SUPERUSER}`,
    '--auth-host=scram-sha-256',
    '--auth-local=reject',
    '--encoding=UTF8',
    `--locale=${LOCALES[process.platform] ?? 'C'}`,
    // Small files: an image is copied for every server, and most of it would be empty log.
    '--wal-segsize=1',
    '--no-sync',
    ...(major >= 16 ? [`--set=dynamic_shared_memory_type=${SHARED_MEMORY}`] : []),
    ...(major >= 18 ? ['--no-data-checksums'] : []),
  ];
}

/** Stretching helps short passwords; one of 24 random bytes has every connection wait for nothing. */
function quickLogin({ major }: Pick<Binaries, 'major'>): string[] {
  return major >= 16 ? ['scram_iterations=1'] : [];
}

/** Where a cluster is made, and with what. */
export interface Site {
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  /** Absent or empty. */
  readonly data: string;
}

/**
 * Makes a cluster.
 * @returns the password of its superuser
 * @throws an Error with what initdb, or the server, said
 */
export async function makeCluster(site: Site): Promise<string> {
  const { binaries, data, runAs } = site;
  await mkdir(data, { mode: 0o700, recursive: true });
  if (runAs) await chown(data, runAs.uid, runAs.gid);
  const password = randomBytes(24).toString('base64url');
  const image = new Image([binaries.version, ...initdbFlags(binaries)]);
  if (await image.restore(data, runAs)) {
    try {
      await setPassword(site, password);
      return password;
    } catch {
      // Whatever is wrong with the image, the next server shall not meet it.
      await image.remove();
    }
  }
  await empty(data);
  await initialise(site);
  await image.keep(data);
  await setPassword(site, password);
  return password;
}

async function initialise({ binaries, runAs, data }: Site): Promise<void> {
  const flags = [`--pgdata=${data}`, ...initdbFlags(binaries)];
  const { log, exited } = watch(spawn(binaries.initdb, flags, { ...runAs, cwd: data }));
  if ((await exited) !== 0) throw new Error(`initdb failed:\n${log.text()}`);
}

/** Over the standard input of a server for one user, so that no command line holds it. */
async function setPassword({ binaries, runAs, data }: Site, password: string): Promise<void> {
  const settings = [
    'fsync=off',
    'shared_buffers=1MB',
    `dynamic_shared_memory_type=${SHARED_MEMORY}`,
    // The statement holds the password.
    'log_min_error_statement=panic',
    ...quickLogin(binaries),
  ];
  const flags = ['--single', '-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const child = spawn(binaries.postgres, [...flags, 'postgres'], { ...runAs, cwd: data });
  const { log, exited } = watch(child);
  // A server that does not start reads nothing; why it did not, its log says.
  child.stdin.on('error', () => undefined);
  child.stdin.end(`alter role ${SUPERUSER} password '${password}'\n`);
  const code = await exited;
  if (code !== 0 || /\b(ERROR|FATAL|PANIC): /.test(log.text())) {
    throw new Error(`it did not start:\n${log.text()}`);
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
