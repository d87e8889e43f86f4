/** Processes that use an embedded server of a project of their own, and what is left of it. */
import assert from 'node:assert/strict';
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isAlive } from '../../../runtime/src/pg/embedded/processes.ts';
import { stateFolderOf } from '../../../runtime/src/pg/embedded/state-folder.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { afterAllElse } from '../../support/database.ts';
import { leftIn, processes } from '../../support/machine.ts';

const USER = fileURLToPath(new URL('fixtures/user.mjs', import.meta.url));
/** The module that users load. */
export const BUILT = fileURLToPath(
  new URL('../../../runtime/dist/pg/embedded/embedded-server.js', import.meta.url),
);

/** What a user says when it has its server, or cannot have it. */
export type Said =
  | {
      readonly is: 'using';
      readonly host: string;
      readonly port: number;
      /** How many exit hooks the process has more than before. */
      readonly exitHooks: number;
    }
  | { readonly is: 'failed'; readonly code: string; readonly message: string };

/** What else a user says: what Node warns it of, and what became of its question and of the next one. */
type SaidLater =
  | { readonly is: 'warned'; readonly message: string }
  | { readonly is: 'refused'; readonly code: string; readonly message: string }
  | { readonly is: 'answered' }
  | { readonly is: 'cut off' };

/** A project with a server of its own. */
export interface Project {
  readonly folder: string;
  /** Where its servers keep their state. */
  readonly state: string;
}

/**
 * An empty project, removed with the test once its server is gone. The test fails when a process
 * that it started there goes on.
 */
export async function project(t: TestContext): Promise<Project> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'project-')));
  await writeFile(join(folder, 'package.json'), '{}');
  const state = await stateFolderOf(folder);
  scopeOf(t).defer(async () => {
    const left = await leftIn(folder);
    await untilGone(state);
    await rm(folder, { recursive: true });
    // Told last of all: what throws keeps node:test from the hooks behind it.
    afterAllElse(t, () => {
      assert.deepEqual(left, [], 'what the test has started goes on after it');
      return Promise.resolve();
    });
  });
  return { folder, state };
}

/** One process that uses the server of a project. */
export interface User {
  readonly process: ChildProcess;
  readonly said: Said;
  /** Settles when it has said something of this kind. */
  readonly says: <K extends SaidLater['is']>(is: K) => Promise<Extract<SaidLater, { is: K }>>;
}

interface UserOptions {
  /** The module whose `embeddedServer` is called. */
  readonly module?: string;
  /** As if `node --test` had started it. */
  readonly underRunner?: boolean;
  /** Beside those of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** The user of the system who runs it; absent: who runs this process. */
  readonly uid?: number;
}

/** So that no test waits for long until its server is gone. */
export const SHORT_GRACE = { SAVEPOINT_SERVER_GRACE: '1' };

export async function startUser(
  t: TestContext,
  { folder }: Project,
  options: UserOptions = {},
): Promise<User> {
  const child = fork(USER, [options.module ?? BUILT], {
    cwd: folder,
    env: {
      ...process.env,
      ...SHORT_GRACE,
      NODE_TEST_CONTEXT: options.underRunner ? 'child-v8' : '',
      ...options.env,
    },
    execArgv: [],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  scopeOf(t).defer(() => child.kill('SIGKILL'));
  const heard: SaidLater[] = [];
  const [said] = (await once(child, 'message')) as [Said];
  child.on('message', (message: SaidLater) => heard.push(message));
  const says = async <K extends SaidLater['is']>(is: K) => {
    for (;;) {
      const found = heard.find((message) => message.is === is);
      if (found) return found as Extract<SaidLater, { is: K }>;
      await once(child, 'message');
    }
  };
  return { process: child, said, says };
}

/** Lets a user end by itself. */
export async function letGo({ process: child }: User): Promise<number | null> {
  child.disconnect();
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

export async function kill({ process: child }: User): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The processes of the server of a project. */
export interface ServerProcesses {
  readonly keeper: number;
  readonly postmaster: number;
}

export async function serverOf({ state }: Project): Promise<ServerProcesses> {
  const file = await readFile(join(dataOf(state), 'postmaster.pid'), 'utf8');
  const postmaster = Number.parseInt(file, 10);
  // Between the two there is a shell.
  return { keeper: await parentOf(await parentOf(postmaster)), postmaster };
}

async function parentOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(pid)]);
  return Number(stdout);
}

/** The data of the newest server there, where it really is. */
export function dataOf(state: string): string {
  const numbers = readdirSync(state).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  return realpathSync(join(state, String(Math.max(...numbers)), 'data'));
}

/** The process that will have a server in this folder, once there is one. The test's time-out is the deadline. */
export async function keeperIn(folder: string): Promise<number> {
  const command = `keeper.js ${dirname(folder)} ${basename(folder)}`;
  for (;;) {
    const line = (await listed()).find((text) => text.endsWith(command));
    if (line) return Number.parseInt(line.trim(), 10);
    await delay(10);
  }
}

/** All processes, as their numbers and commands. */
async function listed(): Promise<string[]> {
  // Starting `ps` takes a machine under load as long as what is looked for may last.
  if (process.platform === 'linux')
    return processes().map(({ pid, command }) => `${String(pid)} ${command}`);
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,command=', '-ww']);
  return stdout.split('\n');
}

/** Settles when a file or folder has gone, or a process has ended. The test's time-out is the deadline. */
export async function untilGone(subject: string | number): Promise<void> {
  const exists = () => (typeof subject === 'string' ? existsSync(subject) : isAlive(subject));
  while (exists()) await delay(20);
}
