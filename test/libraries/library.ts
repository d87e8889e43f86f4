/**
 * What the programme asks of a database library. An adapter says the same few things in its
 * library's own words, as an app would; it knows nothing of savepoint.
 */
import type pg from 'pg';

/** How an app is captured: by `rollbackEach(pool)`, or by `--import savepoint/rollback`. */
export type Way = 'rollbackEach' | 'preload';

/** A hazard that was told, and whether with the lines where it begins and where it shows. */
export interface Told {
  readonly code: string;
  readonly begins: boolean;
  readonly asks: boolean;
}

/** What is captured and closed. */
export interface Subject {
  /** Where the library has one. */
  readonly pool?: pg.Pool;
  readonly close: () => Promise<unknown>;
}

/**
 * Opens an app on this database.
 * @param way absent for the database for real
 */
export type Open<Opened extends Subject = App> = (
  connectionString: string,
  way?: Way,
) => Opened | Promise<Opened>;

/** Outside of a transaction, or in one. */
export interface Queries {
  readonly insert: (name: string) => Promise<unknown>;
  /** The names of all users, in order. */
  readonly names: () => Promise<string[]>;
  readonly execute: (sql: string) => Promise<unknown>;
}

export interface App extends Queries, Subject {
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    modes?: TransactionModes,
  ): Promise<T>;
  /** The names again, row by row, through the library's cursor or stream. */
  readonly stream?: () => Promise<string[]>;
  /** Users of this name, by a statement that the library prepares under a name. */
  readonly prepared?: (name: string) => Promise<string[]>;
}

export interface Transaction extends Queries {
  /** A transaction in this one. */
  readonly nested?: <T>(work: (inner: Transaction) => Promise<T>) => Promise<T>;
  /** Has the library call `hook` when it has committed. */
  readonly afterCommit?: (hook: () => unknown) => void;
}

export interface TransactionModes {
  readonly isolation?: 'read committed' | 'serializable' | undefined;
  readonly readOnly?: boolean | undefined;
}

/** The modes in SQL, for a library that has no option for them. */
export function setTransaction({ isolation, readOnly }: TransactionModes): string | undefined {
  const modes = [isolation && `ISOLATION LEVEL ${isolation}`, readOnly && 'READ ONLY'];
  const named = modes.filter(Boolean).join(', ');
  return named ? `SET TRANSACTION ${named}` : undefined;
}
