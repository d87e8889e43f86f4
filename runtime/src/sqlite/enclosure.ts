/**
 * The sandbox's transaction while statements run in it: whether it is still there, and whether
 * anything is lost when it is not. Knows no statement.
 */
import type { HazardError } from '../hazard-error.ts';
import type { RawHandle } from './driver.ts';
import type { Floor } from './floor.ts';
import type { Lease } from './lease.ts';
import type { Refusals } from './refusals.ts';

export class Enclosure {
  readonly #raw: RawHandle;
  readonly #lease: Lease;
  readonly #floor: Floor;
  readonly #refusals: Refusals;
  readonly #onTaken: () => void;
  #hasCommitted = false;
  #taken = 0;
  #lost: HazardError | undefined;

  /** @param onTaken called when a failing statement took everything with it, and nothing was lost */
  constructor(raw: RawHandle, lease: Lease, floor: Floor, refusals: Refusals, onTaken: () => void) {
    this.#raw = raw;
    this.#lease = lease;
    this.#floor = floor;
    this.#refusals = refusals;
    this.#onTaken = onTaken;
  }

  /** Whether anything may be committed as the app sees it: only then is it a loss when SQLite undoes all. */
  get hasCommitted(): boolean {
    return this.#hasCommitted;
  }

  noteCommit(): void {
    this.#hasCommitted = true;
  }

  /** How often a failing statement took everything with it, and nothing was lost. */
  get taken(): number {
    return this.#taken;
  }

  /** @throws HazardError `no-nested-begin` when the transaction is gone */
  assertIntact(): void {
    if (this.#lost) throw this.#lost;
    // Before, too: a statement that is sent now would be committed.
    if (!this.#raw.inTransaction) throw this.#lose('a statement before this one');
  }

  /** Runs a statement and sees to it that the sandbox's transaction is still there afterwards. */
  run<T>(sql: string, run: () => T, couldLose = this.#hasCommitted): T {
    let result: T;
    try {
      result = run();
    } catch (error) {
      if (!this.#raw.inTransaction) this.#leftBy(sql, error, couldLose);
      throw error;
    }
    if (!this.#raw.inTransaction) throw this.#lose(sql);
    return result;
  }

  /** Why the transaction is gone. */
  get loss(): HazardError {
    return this.#lost ?? this.#refusals.loss('a statement of a subtest');
  }

  /**
   * A failing statement ended all transactions. That is what the app would see, too, as long as
   * nothing it had committed went with them, and nobody was reading what was.
   * @throws HazardError `no-nested-begin` when something did
   */
  #leftBy(sql: string, error: unknown, couldLose: boolean): void {
    if (couldLose || this.#lease.isReading || !this.#floor.isOutermost)
      throw this.#lose(sql, error);
    this.#floor.enter();
    this.#hasCommitted = false;
    this.#taken += 1;
    this.#onTaken();
  }

  #lose(statement: string, cause?: unknown): HazardError {
    return (this.#lost = this.#refusals.loss(statement, cause));
  }
}
