/**
 * What the programme asks of a database library on SQLite. An adapter says it in its library's own
 * words, as an app would; it knows nothing of savepoint.
 */
import type Database from 'better-sqlite3';

export interface Queries {
  readonly insert: (name: string) => Promise<unknown>;
  /** The names of all users, in order. */
  readonly names: () => Promise<string[]>;
  readonly execute: (sql: string) => Promise<unknown>;
}

export interface App extends Queries {
  /** A transaction, and inside it another one for each of `inner`. */
  readonly transaction: (
    names: readonly string[],
    end: 'commit' | 'throw',
    inner?: (queries: Queries) => Promise<unknown>,
  ) => Promise<unknown>;
  /** In a transaction of its own: one in another. */
  readonly nested: (outer: string, inner: string, end: 'commit' | 'throw') => Promise<unknown>;
  /** Where the library keeps something of its own; the handle stays open. */
  readonly close?: () => Promise<unknown>;
}

/** Opens an app on the handle of its database. */
export type Open = (handle: Database.Database) => App;

export class Stop extends Error {
  constructor() {
    super('the app changed its mind');
  }
}
