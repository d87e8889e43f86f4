/**
 * Who holds the lock that a sandbox waits for. One clock looks now and then at what every sandbox is
 * asking, so that a quick statement costs nothing; who is in the way of a slow one is asked over a
 * connection of its own. Knows no SQL of the app's.
 */
import pg from 'pg';
import { openShared } from '../ambient-test.ts';
import type { Notes } from '../notes.ts';
import type { Trace } from '../trace.ts';
import type { ConnectedSandbox } from '../watch/raw-connections.ts';
import { blockersOf, serverOf, type Blocker } from './blockers.ts';
import { oneLine, waitedForLock, type Ownership } from './refusals.ts';

/**
 * How long a sandbox waits for a lock where the app has set no `lock_timeout`: two tests that wait
 * for each other outside of the server, as by `await`, would wait for ever.
 */
export const LOCK_TIMEOUT_MILLIS = 10_000;

/** A sandbox that has a connection. */
export interface Waiter extends Ownership {
  readonly notes: Notes;
  /** The server's number of its session. */
  readonly processId: number;
  /** What the server is answering; another object for each question. */
  readonly running: { readonly asked: () => Trace } | undefined;
}

/** A session that is in the way of another. */
export interface LockHolder {
  readonly pid: number;
  /** As messages call it: `test "x"`, or a process of the server. */
  readonly name: string;
}

// Kept from before a test can mock the timers.
const { setInterval, clearInterval } = globalThis;

const LOOK_MILLIS = 250;
/** A question that was seen so often is slow: who is in its way is asked, and again at twice the age. */
const SLOW_LOOKS = 2;
/** From then on a wait is told although it may still end well. */
const LONG_LOOKS = 8;

/** What one sandbox waits for, while it has a connection. */
export class LockWaits {
  readonly server: string;
  readonly client: pg.PoolClient;
  readonly #waiter: Waiter;
  #seen: Waiter['running'];
  #looks = 0;
  #holders: readonly LockHolder[] = [];
  /** The last answer on its way. */
  #learning: Promise<void> | undefined;

  /** @param client connected; asked nothing here */
  constructor(waiter: Waiter, client: pg.PoolClient) {
    this.client = client;
    this.server = serverOf(client);
    this.#waiter = waiter;
    open.add(this);
    startClock();
  }

  /** The server's number of the session. */
  get pid(): number {
    return this.#waiter.processId;
  }

  /** As messages call it. */
  get owner(): string {
    return this.#waiter.owner;
  }

  /** The sandbox that waits. */
  get sandbox(): Waiter {
    return this.#waiter;
  }

  /** Who is known to be in the way at this moment. */
  get holders(): readonly LockHolder[] {
    return this.#seen === this.#waiter.running ? this.#holders : [];
  }

  /** How long the server has been answering at least, to the nearest look. */
  get runningMillis(): number {
    return this.#seen === this.#waiter.running && this.#seen ? this.#looks * LOOK_MILLIS : 0;
  }

  /** Looks at what is being asked. @returns whether it is time to ask who is in the way */
  look(): boolean {
    if (this.#isSeen()) this.#looks++;
    return this.#seen !== undefined && this.#looks >= SLOW_LOOKS && isPowerOfTwo(this.#looks);
  }

  /** Whether what is being asked was seen before; from now on it was. */
  #isSeen(): boolean {
    const { running } = this.#waiter;
    if (running === this.#seen) return true;
    this.#seen = running;
    this.#looks = 0;
    this.#holders = [];
    this.#learning = undefined;
    return false;
  }

  /** Settles once it is known who is in the way, if anybody is, as far as the server tells. */
  async find(): Promise<void> {
    if (this.#isSeen() && this.#holders.length > 0) return;
    if (!this.#learning) askAbout([this]);
    await this.#learning;
  }

  /** Learns who is in the way, which counts for the question that is unanswered both before and after. */
  learn(answer: Promise<readonly Blocker[]>): void {
    const learning = this.#hear(answer).then(() => {
      if (this.#learning === learning) this.#learning = undefined;
    });
    this.#learning = learning;
  }

  async #hear(answer: Promise<readonly Blocker[]>): Promise<void> {
    const question = this.#seen;
    const blockers = await answer;
    if (question === undefined || this.#waiter.running !== question) return;
    this.#holders = blockers
      .filter(({ waiting }) => waiting === this.pid)
      .map((blocker) => ({
        pid: blocker.pid,
        name: sandboxAt(this.server, blocker.pid) ?? describe(blocker),
      }));
    if (this.#looks >= LONG_LOOKS) this.#tell(this.#holders, question.asked);
  }

  /** Tells whom a statement that failed had waited for. */
  tellFailure(error: Error): void {
    const { running } = this.#waiter;
    if (!running) return;
    const others = isDeadlock(error) ? this.#partiesOf(error) : this.holders;
    this.#tell(others, running.asked, error);
  }

  /** The connection is given back. */
  end(): void {
    open.delete(this);
  }

  #tell(holders: readonly LockHolder[], asked: () => Trace, cause?: Error): void {
    if (holders.length === 0) return;
    this.#waiter.notes.tell('no-unbounded-wait', () =>
      waitedForLock(this.#waiter, asked, holders, cause),
    );
  }

  /** The others in a deadlock, which the server tells by their numbers. */
  #partiesOf({ detail = '' }: pg.DatabaseError): LockHolder[] {
    const pids = [...detail.matchAll(/^Process (\d+) waits/gm)].map(([, pid]) => Number(pid));
    return pids
      .filter((pid) => pid !== this.pid)
      .map((pid) => ({
        pid,
        name:
          sandboxAt(this.server, pid) ??
          this.holders.find((holder) => holder.pid === pid)?.name ??
          `process ${String(pid)} of the server`,
      }));
  }
}

/** All sandboxes of this process that have a connection. */
const open = new Set<LockWaits>();
let clock: NodeJS.Timeout | undefined;

/** All sandboxes of this process that have a connection, each with where it leads to. */
export function connectedSandboxes(): ConnectedSandbox[] {
  return [...open].map(({ sandbox: { owner, opened, notes }, client }) => ({
    owner,
    opened,
    notes,
    address: client,
  }));
}

function startClock(): void {
  // It serves every test of the process, not the one that happens to come first.
  clock ??= openShared(() => setInterval(lookAtAll, LOOK_MILLIS).unref());
}

function lookAtAll(): void {
  if (open.size === 0) {
    clearInterval(clock);
    clock = undefined;
  }
  const slow = [...open].filter((waits) => waits.look());
  for (const server of new Set(slow.map((waits) => waits.server))) {
    askAbout(slow.filter((waits) => waits.server === server));
  }
}

/** @param waiting sandboxes on one server */
function askAbout(waiting: readonly LockWaits[]): void {
  const [first] = waiting;
  if (!first) return;
  const answer = blockersOf(
    waiting.map(({ pid }) => pid),
    first.client,
  );
  for (const waits of waiting) waits.learn(answer);
}

function sandboxAt(server: string, pid: number): string | undefined {
  return [...open].find((waits) => waits.server === server && waits.pid === pid)?.owner;
}

/** A session of another process, or one that is no sandbox's. */
function describe({ pid, application, state, query }: Blocker): string {
  const said = [application, state, query && sayable(query)].filter((part) => part !== undefined);
  const what = said.length > 0 ? ` (${said.join('; ')})` : '';
  return `process ${String(pid)} of the server${what}`;
}

/** A statement that may hold a secret is kept to itself. */
function sayable(query: string): string | undefined {
  return /password|secret|token/i.test(query) ? undefined : oneLine(query);
}

function isDeadlock(error: Error): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && error.code === '40P01';
}

function isPowerOfTwo(n: number): boolean {
  return (n & (n - 1)) === 0;
}
