/** What this folder asks of a driver of SQLite. Names no driver: each is one file that implements this. */
import type { SqliteRefusal } from './sqlite-refusal.ts';
import type { Session } from './session.ts';

/** The methods of a prepared statement that run it; the same in both drivers. */
export const RUNNING = ['run', 'get', 'all', 'iterate'] as const;
export type Running = (typeof RUNNING)[number];
export type Method = (this: object, ...args: unknown[]) => unknown;
/** The object that all statements of a driver inherit from. */
export type StatementPrototype = Record<Running, Method>;

export interface Driver<H extends object = object> {
  /** @throws the driver's own error */
  open(file: string, options?: { readonly readonly?: boolean }): RawHandle<H>;
  /** Takes what is committed in a database, to make copies of it. The handle may be closed afterwards. */
  imageOf(raw: RawHandle<H>): Promise<Image<H>>;
}

/** A database at one moment, of which there can be any number of copies. */
export interface Image<H extends object = object> {
  /** The same for the same contents. */
  readonly fingerprint: string;
  /** A copy in memory. */
  copy(): RawHandle<H>;
}

/** A handle by its driver's own methods, whatever is put over them later. */
export interface RawHandle<H extends object = object> {
  readonly handle: H;
  /** The file's path; undefined in memory. */
  readonly file: string | undefined;
  readonly readonly: boolean;
  /** Whether it is a copy by its bytes. */
  readonly isImage: boolean;
  readonly inTransaction: boolean;
  readonly isOpen: boolean;
  /** Whether every statement, however old, is known by its handle. */
  readonly knowsStatements: boolean;
  /** Whether `get`, which stops at the first row, tells of a commit that fails after it. */
  readonly getTellsOfCommit: boolean;

  exec(sql: string): void;
  /** A statement of the sandbox itself: prepared once. */
  run(sql: string): void;
  /** The rows of a statement of the sandbox itself, in plain numbers whatever the app prefers. */
  all(sql: string): Record<string, unknown>[];
  /** The value of a pragma; undefined where it has none. */
  setting(name: string): unknown;
  /** @throws the driver's own error for what is no SQL */
  check(sql: string): void;
  /** Writes the database to a file in one transaction of SQLite's backup: whole, or not at all. */
  backUp(file: string): Promise<void>;
  close(): void;
  /** Puts back what the driver itself keeps of a test's preferences. */
  forgetPreferences(): void;

  /** The handle a test gets: one of the driver's by type and by `instanceof`, that serves this session and no other. */
  lend(session: Session): H;
  /** It is watched from now on, as long as it lies with somebody else. */
  watchBegins(): void;
  watchEnds(): void;
  /** What is put over the handle's own methods while it is watched, by name. */
  watchedMethods(session: () => Session, close: () => void): Readonly<Record<string, unknown>>;

  call(statement: object, method: Running, args: readonly unknown[]): unknown;
  /** Runs these instead of a statement that begins or ends a transaction. @returns what `method` returns for the last */
  perform(texts: readonly string[], method: Running, args: readonly unknown[]): unknown;
  /** Keeps something running, as far as SQLite can tell, that reads no table. @returns what ends it */
  keepRunning(): () => void;
  /** Whether this method of the driver runs statements that return no rows. */
  performs(method: Running): boolean;
  sqlOf(statement: object): string;
  /** Whether a statement is known to write nothing. */
  reads(statement: object): boolean;
  /** The error the driver would throw. */
  error(refusal: SqliteRefusal): Error;
}

/** SQLite's result code, by name, without what extends it; undefined for another error. */
export function resultCode(error: unknown): string | undefined {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown };
  if (typeof errcode === 'number') return RESULT_CODES[errcode & 0xff];
  const name = typeof code === 'string' ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined;
  return name;
}

/** https://www.sqlite.org/rescode.html, as far as something depends on them. */
const RESULT_CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
};
