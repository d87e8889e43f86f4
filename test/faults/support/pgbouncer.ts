/** A pgbouncer of the test's own, in front of the test server, ended with the test. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';
import { afterAllElse } from '../../support/database.ts';
import { freePort } from './free-port.ts';

export type PoolMode = 'session' | 'transaction' | 'statement';

/** Why there is no pgbouncer to test with, if there is none. */
export function noPgbouncer(): string | false {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'pgbouncer is not installed';
  }
}

interface BouncerOptions {
  /** How many connections it has to each database. */
  readonly poolSize?: number;
  /** Which it knows: all, or one. */
  readonly databases?: string;
}

/** @returns the connection string through the pooler */
export async function pgbouncer(
  t: TestContext,
  mode: PoolMode,
  target: string,
  { poolSize = 1, databases = '*' }: BouncerOptions = {},
): Promise<string> {
  const { hostname, port: serverPort, username, password, pathname } = new URL(target);
  const folder = mkdtempSync(join(tmpdir(), 'savepoint-pgbouncer-'));
  afterAllElse(t, () => {
    rmSync(folder, { recursive: true, force: true });
    return Promise.resolve();
  });
  const port = await freePort();
  const config = join(folder, 'pgbouncer.ini');
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(
    config,
    `[databases]
${databases} = host=${hostname} port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
auth_type = plain
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${String(poolSize)}
max_client_conn = 50
ignore_startup_parameters = lock_timeout
`,
  );
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    // pgbouncer does not run as root.
    const nobody = Number(execFileSync('id', ['-u', 'nobody']).toString());
    for (const path of [folder, config, join(folder, 'users.txt')]) chownSync(path, nobody, nobody);
    chmodSync(folder, 0o700);
  }
  const bouncer = spawn('pgbouncer', [...(isRoot ? ['-u', 'nobody'] : []), config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  bouncer.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(bouncer, 'exit');
  afterAllElse(t, async () => {
    bouncer.kill('SIGKILL');
    await ended;
  });
  await Promise.race([listening(bouncer.stderr, () => said), ended]);
  if (bouncer.exitCode !== null) throw new Error(`pgbouncer did not start: ${said}`);
  return `postgres://${username}:${password}@127.0.0.1:${String(port)}${pathname}`;
}

async function listening(output: NodeJS.ReadableStream, said: () => string): Promise<void> {
  while (!said().includes('process up')) await once(output, 'data');
}

/** The settings of a session as whoever comes next finds them. */
export async function sessionSettings(url: string, names: readonly string[]): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const list = names.map((name) => `current_setting('${name}')`).join(', ');
    const { rows } = await client.query<string[]>({ text: `SELECT ${list}`, rowMode: 'array' });
    return rows[0] ?? [];
  } finally {
    await client.end();
  }
}
