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
  firstMessage,
  type Announcement,
  type Answer,
} from './keeper-protocol.ts';
import { isKnownToGoOn, type Run } from '../run.ts';
import { placeData } from './data-place.ts';
import { endLeftover, removeLostPlaces } from './leftovers.ts';
import { startPostmaster, type Postmaster } from './postmaster.ts';
import {
  generation,
  generations,
  makeGenerationFolder,
  makeStateFolder,
  removeGeneration,
  type Generation,
} from './state-folder.ts';
import { explain } from './trouble.ts';

const BEAT_MS = 250;
/** Whoever started the keeper comes soon, or was killed. */
const FIRST_USER_MILLIS = 5000;
/** For how long whoever waited for a server that did not start may come again, in milliseconds. */
const FAILED_MILLIS = 1000;

/** Serves until nobody needs the server any more. */
class Keeper {
  readonly #listener: Server;
  readonly #users = new Set<Socket>();
  /** Runs whose processes come and go; while one goes on, another user may come. */
  readonly #runs = new Map<string, Run>();
  /** The longest time that a user asked the server to stay without any. */
  #graceMillis: number | undefined;
  readonly #told = new Set<string>();
  readonly #folder: string;
  readonly #postmaster: Promise<Postmaster>;

  /** @param folder where the server is */
  constructor(listener: Server, folder: string, postmaster: Promise<Postmaster>) {
    this.#listener = listener;
    this.#folder = folder;
    this.#postmaster = postmaster;
  }

  /** Settles when the server is gone. */
  async serve(): Promise<void> {
    const told = untilToldToStop();
    this.#listener.on('connection', (user) => void this.#welcome(user));
    const postmaster = await this.#postmaster.catch(() => undefined);
    if (postmaster) {
      postmaster.onTrouble((line) => {
        this.#tell(`is in trouble: ${explain(line, this.#folder)}`);
      });
      const end = await Promise.race([
        this.#untilUnused().then(() => undefined),
        postmaster.ended.then(() => 'has ended, or was killed'),
        told.then((signal) => `is ended, for its keeper was sent ${signal}`),
      ]);
      if (end) this.#tell(end);
    } else {
      await untilIdle(
        () => this.#users.size === 0,
        () => FAILED_MILLIS,
      );
    }
    this.#listener.close();
    await postmaster?.stop();
    for (const user of this.#users) user.end();
  }

  /** Once: a full disk fails one statement after the other. */
  #tell(what: string): void {
    const alike = what.replace(/\d+/g, '');
    if (this.#told.has(alike)) return;
    this.#told.add(alike);
    for (const user of this.#users) user.write(encode({ is: 'told', what }));
  }

  async #welcome(user: Socket): Promise<void> {
    this.#users.add(user);
    user.on('error', () => undefined);
    user.once('close', () => this.#users.delete(user));
    const hello = await firstMessage(user);
    if (hello?.is !== 'here') return;
    this.#runs.set(JSON.stringify(hello.run), hello.run);
    this.#graceMillis = Math.max(this.#graceMillis ?? 0, hello.graceMillis);
    user.write(encode(await this.#answer()));
  }

  #answer(): Promise<Answer> {
    return this.#postmaster.then(
      ({ address }) => ({ is: 'ready', address }),
      (error: unknown) => ({ is: 'failed', reason: explain(error, this.#folder) }),
    );
  }

  #untilUnused(): Promise<void> {
    const isUnused = async () => this.#users.size === 0 && !(await this.#aRunGoesOn());
    return untilIdle(isUnused, () => this.#graceMillis ?? FIRST_USER_MILLIS);
  }

  async #aRunGoesOn(): Promise<boolean> {
    for (const run of this.#runs.values()) if (await isKnownToGoOn(run)) return true;
    return false;
  }
}

/** Settles when something has been idle for so long without a break. */
async function untilIdle(
  isIdle: () => boolean | Promise<boolean>,
  graceMillis: () => number,
): Promise<void> {
  let idleBeats = 0;
  do {
    await delay(BEAT_MS);
    idleBeats = (await isIdle()) ? idleBeats + 1 : 0;
  } while (idleBeats === 0 || idleBeats * BEAT_MS < graceMillis());
}

/** Settles with the name of the signal. */
async function untilToldToStop(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];
  return Promise.race(signals.map((name) => once(process, name).then(() => name)));
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
  await removeLostPlaces();
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
    .then(() => placeData(own.folder))
    .then(() => startPostmaster(own.folder));
  const served = new Keeper(listener, own.folder, postmaster).serve();
  await folder;
  announce({ is: 'listening' });
  await served;
  // A server that was killed has left something, too.
  await endLeftover(own.folder);
  await removeGeneration(state, own);
  // Also when the server was ended by another hand, and the runs that used it go on.
  process.exit();
}

const [, , state = '', number] = process.argv;
try {
  await main(state, Number(number));
} catch (error) {
  announce({ is: 'failed', reason: explain(error, state) });
  process.exitCode = 1;
}
