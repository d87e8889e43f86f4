/**
 * The process that owns the embedded server: `node keeper.js <state folder> <generation>`. It serves
 * every process that is connected to its socket. The kernel closes those connections however a
 * user dies, so no user can be forgotten; with the last one gone, the server goes, then this.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  connectTo,
  encode,
  nextMessage,
  type Announcement,
  type Answer,
  type Hello,
} from './keeper-protocol.ts';
import { endLeftover, startPostmaster, type Postmaster } from './postmaster.ts';
import { isAlive } from './processes.ts';
import {
  generation,
  generations,
  makeGenerationFolder,
  makeStateFolder,
  removeGeneration,
  type Generation,
} from './state-folder.ts';

const BEAT_MS = 250;
/** How long the server waits for another user, in beats: between two test files there may be none. */
const IDLE_BEATS = 8;

/** Serves until nobody needs the server any more. */
class Keeper {
  readonly #listener: Server;
  readonly #users = new Set<Socket>();
  /** Leaders of runs whose processes come and go; while one lives, another user may come. */
  readonly #runs = new Set<number>();
  readonly #postmaster: Promise<Postmaster>;

  constructor(listener: Server, postmaster: Promise<Postmaster>) {
    this.#listener = listener;
    this.#postmaster = postmaster;
  }

  /** Settles when the server is gone. */
  async serve(): Promise<void> {
    const told = untilToldToStop();
    this.#listener.on('connection', (user) => void this.#welcome(user));
    const postmaster = await this.#postmaster.catch(() => undefined);
    await (postmaster
      ? Promise.race([this.#untilUnused(), postmaster.ended, told])
      : this.#untilNobodyListens());
    this.#listener.close();
    await postmaster?.stop();
    for (const user of this.#users) user.destroy();
  }

  async #welcome(user: Socket): Promise<void> {
    this.#users.add(user);
    user.on('error', () => undefined);
    user.once('close', () => this.#users.delete(user));
    const hello = await nextMessage<Hello>(user);
    if (!hello) return;
    this.#runs.add(hello.run);
    user.write(encode(await this.#answer()));
  }

  #answer(): Promise<Answer> {
    return this.#postmaster.then(
      ({ address }) => ({ is: 'ready', address }),
      (error: unknown) => ({ is: 'failed', reason: reasonOf(error) }),
    );
  }

  #untilUnused(): Promise<void> {
    return untilIdle(() => this.#users.size === 0 && ![...this.#runs].some(isAlive));
  }

  /** Everyone who waited for a server that did not start has heard so, and gone. */
  #untilNobodyListens(): Promise<void> {
    return untilIdle(() => this.#users.size === 0);
  }
}

async function untilIdle(isIdle: () => boolean): Promise<void> {
  for (let idleBeats = 0; idleBeats < IDLE_BEATS; idleBeats = isIdle() ? idleBeats + 1 : 0) {
    await delay(BEAT_MS);
  }
}

async function untilToldToStop(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), once(process, 'SIGHUP')]);
}

/**
 * The right to be the keeper of a generation: the kernel gives its socket to one process only.
 * Nothing when another one has it, or when the state folder just went away with its last keeper.
 */
async function listenAt(socket: string): Promise<Server | undefined> {
  const listener = createServer();
  const before = process.umask(0o077);
  listener.listen(socket);
  try {
    await once(listener, 'listening');
    return listener;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'ENOENT') return undefined;
    throw error;
  } finally {
    process.umask(before);
  }
}

/** Removes what killed keepers left, servers included. A generation that answers is left alone. */
async function removeLeftovers(state: string, own: Generation): Promise<void> {
  for (const other of await generations(state)) {
    if (other.number === own.number) continue;
    const keeper = await connectTo(other.socket);
    keeper?.destroy();
    if (keeper) continue;
    await endLeftover(other.folder);
    await removeGeneration(state, other);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function announce(announcement: Announcement): void {
  process.stdout.on('error', () => undefined);
  process.stdout.write(encode(announcement));
}

async function main(state: string, number: number): Promise<void> {
  const own = generation(state, number);
  await makeStateFolder(state);
  const listener = await listenAt(own.socket);
  if (!listener) {
    announce({ is: 'taken' });
    return;
  }
  // Nothing is awaited from here to `serve`: whoever connects meanwhile would not be heard.
  const folder = makeGenerationFolder(own);
  const postmaster = folder
    .then(() => removeLeftovers(state, own))
    .then(() => startPostmaster(own.folder));
  const served = new Keeper(listener, postmaster).serve();
  await folder;
  announce({ is: 'listening' });
  await served;
  await removeGeneration(state, own);
  // Also when the server was ended by another hand, and the runs that used it go on.
  process.exit();
}

const [, , state = '', number] = process.argv;
try {
  await main(state, Number(number));
} catch (error) {
  announce({ is: 'failed', reason: reasonOf(error) });
  process.exitCode = 1;
}
