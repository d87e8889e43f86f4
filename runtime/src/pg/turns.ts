/**
 * Whose turn it is on the one connection: first come, first served, except that an owner who holds
 * the floor (an open transaction) is served alone. Knows no SQL.
 */

import { openShared } from '../ambient-test.ts';
import type { Trace } from '../trace.ts';
import { StillTime } from './still-time.ts';

/** What waits for its turn. */
export interface Turn<Owner> {
  readonly owner: Owner;
  readonly asked: () => Trace;
  /** @param end called once, when the next may have his turn */
  run(end: () => void): void;
  /** Called instead of `run` when the turn will not come. */
  refuse(error: Error): void;
  /**
   * The error to refuse it with when it is this holder's own doing that it waits for him.
   * @param atLast whether it is to be refused anyway
   */
  selfWait?(holder: Owner, atLast: boolean): Error | undefined;
}

/** How long one may wait for a holder who asks nothing. */
export interface Patience<Owner> {
  /** Of the time in which the process has nothing to do: who has none of it to himself is not idle. */
  readonly millis: number;
  /** Whether the holder has begun something that he may be waiting for. */
  readonly isWorking?: (holder: Owner) => boolean;
  /** The error of a turn that waited that long. */
  readonly onStuck: (holder: Owner) => Error;
}

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

/** How often somebody looks whether the time is over. */
const LOOK_MILLIS = 100;
/** How much longer one may wait for a holder who may be at work. */
const MUCH_LONGER = 12;

export class Turns<Owner> {
  readonly #patience: Patience<Owner>;
  #waiting: Turn<Owner>[] = [];
  #running: Turn<Owner> | undefined;
  #holder: Owner | undefined;
  #look: NodeJS.Timeout | undefined;
  #looksSoon = false;
  /** Since when somebody waits for a holder who asks nothing. */
  #still: StillTime | undefined;
  #idle: (() => void)[] = [];

  constructor(patience: Patience<Owner>) {
    this.#patience = patience;
  }

  get holder(): Owner | undefined {
    return this.#holder;
  }

  get running(): Turn<Owner> | undefined {
    return this.#running;
  }

  take(turn: Turn<Owner>): void {
    this.#waiting.push(turn);
    this.#next();
  }

  /** From now on only this owner is served. */
  hold(owner: Owner): void {
    this.#holder = owner;
  }

  letGo(owner: Owner): void {
    if (this.#holder === owner) this.#holder = undefined;
  }

  /** Resolves when nothing runs and nothing that waits can be served. */
  async idle(): Promise<void> {
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Refuses everything that waits. */
  refuseWaiting(error: (waiting: Turn<Owner>) => Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#stopPatience();
    for (const turn of waiting) turn.refuse(error(turn));
  }

  #next(): void {
    if (this.#running) return;
    if (this.#waiting.length === 0) {
      this.#tellIdle();
      return;
    }
    const index =
      this.#holder === undefined
        ? 0
        : this.#waiting.findIndex(({ owner }) => owner === this.#holder);
    const turn = this.#waiting[index];
    if (turn) {
      this.#waiting.splice(index, 1);
      this.#run(turn);
      return;
    }
    this.#tellIdle();
    this.#startPatience();
  }

  #tellIdle(): void {
    if (this.#idle.length > 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #run(turn: Turn<Owner>): void {
    this.#stopPatience();
    this.#running = turn;
    turn.run(this.#ended);
  }

  readonly #ended = (): void => {
    this.#running = undefined;
    this.#next();
  };

  #startPatience(): void {
    this.#still ??= new StillTime();
    // The askers begin neither of these, and wait for neither.
    openShared(this.#lookOut);
  }

  readonly #lookOut = (): void => {
    this.#look ??= setTimeout(this.#lookAgain, this.#stepMillis);
    if (this.#looksSoon) return;
    this.#looksSoon = true;
    // What the askers do besides waiting, they do before the event loop turns.
    setImmediate(this.#lookSoon);
  };

  get #stepMillis(): number {
    return Math.min(LOOK_MILLIS, this.#patience.millis);
  }

  readonly #lookSoon = (): void => {
    this.#looksSoon = false;
    const holder = this.#holder;
    // Else somebody asked meanwhile, or nobody waits any more.
    if (holder === undefined || !this.#look) return;
    this.#refuseWhere((turn) => turn.selfWait?.(holder, false));
    if (this.#waiting.length === 0) this.#stopPatience();
  };

  readonly #lookAgain = (): void => {
    this.#look = undefined;
    const holder = this.#holder;
    const still = this.#still;
    if (holder === undefined || !still) return;
    const { millis, isWorking, onStuck } = this.#patience;
    still.pass(this.#stepMillis);
    const isLate = still.passed >= MUCH_LONGER * millis;
    const isOver = isLate || still.millis >= millis;
    const isStuck = isLate || (isOver && !isWorking?.(holder));
    this.#refuseWhere(
      (turn) => turn.selfWait?.(holder, isOver) ?? (isStuck ? onStuck(holder) : undefined),
    );
    if (this.#waiting.length === 0) this.#stopPatience();
    else openShared(() => (this.#look ??= setTimeout(this.#lookAgain, this.#stepMillis)));
  };

  #refuseWhere(errorOf: (turn: Turn<Owner>) => Error | undefined): void {
    for (const turn of [...this.#waiting]) {
      const error = errorOf(turn);
      const at = this.#waiting.indexOf(turn);
      if (!error || at === -1) continue;
      this.#waiting.splice(at, 1);
      turn.refuse(error);
    }
  }

  #stopPatience(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
    this.#still = undefined;
  }
}
