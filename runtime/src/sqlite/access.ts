/** What a test's use of a handle comes down to, whether its work is undone by rollback or thrown away with a copy. */
import type { TestScope } from '../test-scope.ts';
import type { Running } from './driver.ts';
import type { Lease } from './lease.ts';

export interface Access {
  /** Whether the app is in a transaction of its own. */
  readonly inTransaction: boolean;
  exec(sql: string): void;
  /** @returns what is to be prepared instead, or the same */
  prepare(sql: string): string;
  execute(statement: object, method: Running, args: readonly unknown[]): unknown;
  /** Asks or sets a pragma by its own function of the driver. @param source as it stands behind `PRAGMA` */
  pragma(source: string, run: (source: string) => unknown): unknown;
  /** Does something else than SQL to the handle. @param what a noun phrase, for messages */
  change<T>(what: Change, run: () => T): T;
}

/**
 * - `registers`: what is registered with the handle, as a function, cannot be taken back.
 * - `writes`: writes to the database, by its own means.
 * - `replaces`: puts another database in the place of this one.
 * - `backs-up`: copies what is committed, and nothing while a transaction is open that writes.
 * - `serializes`: copies the pages; of a copy by its bytes those that are committed.
 */
export interface Change {
  readonly is: 'registers' | 'writes' | 'replaces' | 'backs-up' | 'serializes';
  readonly what: string;
}

/** By a method of better-sqlite3, by a function of `node:sqlite`. */
export const BACKUP: Change = { is: 'backs-up', what: '`backup()`' };

/** Opens a handle for one test and owes its release to the test's scope. */
export type Lend<H> = (scope: TestScope, lease: Lease) => H;

/** A database that lends, at once where it is prepared. */
export interface Lender<H> {
  forRollback(): Lend<H> | Promise<Lend<H>>;
  forClone(): Lend<H> | Promise<Lend<H>>;
}
