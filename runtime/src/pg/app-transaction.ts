/** A transaction of the app inside a sandbox: a savepoint that pretends to be one. */
import type { Trace } from '../trace.ts';
import { cursorHeldBy, CursorPlaces } from './cursor-places.ts';
import { EffectLog } from './kept/effect-log.ts';
import type { SessionEffect } from './kept/session-clients.ts';
import { Leftovers } from './leftovers.ts';
import type { Control } from './exchange.ts';
import { ModesInForce, type Modes } from './modes-in-force.ts';
import type { Statement } from './statements.ts';

/** Names of ours; the app may not use them. */
export const RESERVED_PREFIX = '_savepoint_';
const SAVEPOINT = `${RESERVED_PREFIX}transaction`;
/** What begins one, and what commits one that leaves nothing behind. */
export const OPEN_TRANSACTION = `SAVEPOINT ${SAVEPOINT}`;
export const RELEASE_TRANSACTION = `RELEASE SAVEPOINT ${SAVEPOINT}`;

export class AppTransaction {
  readonly modes: ModesInForce;
  readonly begun: () => Trace;
  readonly leftovers = new Leftovers();
  /** Set from the statement that failed until the app rolls back. */
  firstError: Error | undefined;
  /** Where that statement was asked. */
  failedAt: (() => Trace) | undefined;
  /** Whether the server has been sent anything of it. */
  touched = false;

  /** Whether it gave an enum a value, which cannot be used before a COMMIT for real. */
  addsEnumValue = false;

  /** Its cursors WITH HOLD, once it may have one. */
  cursors: CursorPlaces | undefined;

  #kept: EffectLog<SessionEffect> | undefined;

  /** @param initial those that its session begins with, or that came by AND CHAIN */
  constructor(initial: Modes, begun: () => Trace) {
    this.modes = new ModesInForce(initial);
    this.begun = begun;
  }

  /** What its session will keep once it commits. */
  get kept(): EffectLog<SessionEffect> {
    return (this.#kept ??= new EffectLog());
  }

  get keepsSomething(): boolean {
    return this.#kept !== undefined;
  }

  get aborted(): boolean {
    return this.firstError !== undefined;
  }

  /** Notes a statement before it is sent. */
  noteCursors(statement: Statement): void {
    if (cursorHeldBy(statement) !== undefined) this.cursors ??= new CursorPlaces();
    this.cursors?.note(statement);
  }

  open(): string[] {
    return [OPEN_TRANSACTION];
  }

  commit(): Control[] {
    // After the release, which ends READ ONLY.
    return [RELEASE_TRANSACTION, ...this.leftovers.tidy()];
  }

  rollback(): string[] {
    // ROLLBACK TO alone would leave the savepoint.
    return [`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, RELEASE_TRANSACTION];
  }
}
