/**
 * Whose turn it is on the one connection: first come, first served, except that an owner who holds
 * the floor (an open transaction) is served alone. Knows no SQL.
 */

import type { Trace } from '../trace.ts';

/** What waits for its turn. */
export interface Turn<Owner> {
  readonly owner: Owner;
  readonly asked: () => Trace;
  /** @param end called once, when the next may have his turn */
  run(end: () => void): void;
  /** Called instead of `run` when the turn will not come. */
  refuse(error: Error): void;
  /** The error to refuse it with when it is this holder's own doing that it waits for him. */
  selfWait?(holder: Owner): Error | undefined;
}

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout, setImmediate } = globalThis;

export class Turns<Owner> {
  readonly #patienceMillis: number;
  readonly #onStuck: (holder: Owner) => Error;
  #waiting: Turn<Owner>[] = [];
  #running: Turn<Owner> | undefined;
  #holder: Owner | undefined;
  #patience: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  /**
   * @param patienceMillis how long one may wait for a holder who asks nothing
   * @param onStuck makes the error of a turn that waited that long
   */
  constructor(patienceMillis: number, onStuck: (holder: Owner) => Error) {
    this.#patienceMillis = patienceMillis;
    this.#onStuck = onStuck;
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
    // What the asker does besides waiting, he does before the event loop turns.
    if (this.#isBarred(turn)) setImmediate(() => this.#refuseSelfWait(turn));
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

  /** Whether a turn waits for a holder who asks nothing himself. */
  #isBarred(turn: Turn<Owner>): boolean {
    const holder = this.#holder;
    return (
      holder !== undefined &&
      !this.#running &&
      this.#waiting.includes(turn) &&
      this.#waiting.every(({ owner }) => owner !== holder)
    );
  }

  #refuseSelfWait(turn: Turn<Owner>): void {
    if (this.#holder === undefined || !this.#isBarred(turn)) return;
    const error = turn.selfWait?.(this.#holder);
    if (!error) return;
    this.#waiting.splice(this.#waiting.indexOf(turn), 1);
    if (this.#waiting.length === 0) this.#stopPatience();
    turn.refuse(error);
  }

  #startPatience(): void {
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      const holder = this.#holder;
      if (holder === undefined) return;
      this.refuseWaiting((turn) => turn.selfWait?.(holder) ?? this.#onStuck(holder));
    }, this.#patienceMillis);
  }

  #stopPatience(): void {
    if (this.#patience === undefined) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }
}
