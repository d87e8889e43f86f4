/**
 * better-sqlite3 as the rest of this folder sees it, and the only file that loads it or casts its
 * types: an optional peer. Its statements' own methods are taken once, before anything is put over them.
 */
import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { SetupError } from '../setup-error.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';

export type Handle = BetterSqlite3.Database;
export type Statement = BetterSqlite3.Statement;
export type RunResult = BetterSqlite3.RunResult;
export type HandleOptions = BetterSqlite3.Options;

/** The methods of a statement that run it. */
export const RUNNING = ['run', 'get', 'all', 'iterate'] as const;
export type Running = (typeof RUNNING)[number];
export type Method = (this: Statement, ...args: unknown[]) => unknown;
export type StatementMethods = Readonly<Record<Running, Method>>;

interface Driver {
  readonly Database: { new (file: string | Buffer, options?: HandleOptions): Handle };
  readonly SqliteError: new (message: string, code: string) => Error;
}

const require = createRequire(import.meta.url);

/** @throws SetupError `ERR_SAVEPOINT_MISSING_PEER` without the package */
function loadDriver(): Driver {
  try {
    const Database = require('better-sqlite3') as Driver['Database'] & Pick<Driver, 'SqliteError'>;
    return { Database, SqliteError: Database.SqliteError };
  } catch (cause) {
    throw new SetupError(
      'ERR_SAVEPOINT_MISSING_PEER',
      'savepoint/sqlite needs the package `better-sqlite3`, and cannot load it: npm install better-sqlite3',
      { cause },
    );
  }
}

/** A new handle: on a file, on `:memory:`, or on a copy in memory of a serialized database. */
export function openHandle(source: string | Buffer, options?: HandleOptions): Handle {
  return new (loadDriver().Database)(source, options);
}

/** The error better-sqlite3 would throw. */
export function sqliteError({ message, code }: SqliteRefusal): Error {
  return new (loadDriver().SqliteError)(message, code);
}

/** The object that all statements of a driver inherit from; each loaded copy of the driver has its own. */
export type StatementPrototype = Record<Running, Method>;

const ownMethods = new WeakMap<StatementPrototype, StatementMethods>();

/** The driver's own methods of its statements. */
export function statementMethods(prototype: StatementPrototype): StatementMethods {
  let methods = ownMethods.get(prototype);
  if (!methods) {
    methods = { ...prototype };
    ownMethods.set(prototype, methods);
  }
  return methods;
}

/** A handle by its own methods, whatever is put over them later. */
export class RawHandle {
  readonly handle: Handle;
  readonly exec: (sql: string) => void;
  readonly prepare: (sql: string) => Statement;
  readonly pragma: Handle['pragma'];
  readonly close: () => void;
  readonly statements: StatementPrototype;
  readonly methods: StatementMethods;
  readonly #own = new Map<string, Statement>();

  constructor(handle: Handle) {
    this.handle = handle;
    this.statements = Object.getPrototypeOf(handle.prepare('SELECT 1')) as StatementPrototype;
    this.methods = statementMethods(this.statements);
    const exec = handle.exec.bind(handle);
    const close = handle.close.bind(handle);
    this.exec = (sql) => {
      exec(sql);
    };
    this.prepare = handle.prepare.bind(handle);
    this.pragma = handle.pragma.bind(handle);
    this.close = () => {
      close();
    };
  }

  get inTransaction(): boolean {
    return this.handle.inTransaction;
  }

  run(sql: string, args: readonly unknown[] = []): RunResult {
    return this.methods.run.apply(this.prepare(sql), [...args]) as RunResult;
  }

  all(sql: string): unknown[] {
    return this.methods.all.call(this.#prepareOwn(sql)) as unknown[];
  }

  /** A pragma's value; unlike `pragma()` this may be asked while rows are being read. */
  setting(name: string): unknown {
    const statement = this.#prepareOwn(`PRAGMA ${name}`);
    return statement.reader ? this.methods.get.call(statement.pluck()) : undefined;
  }

  /** A statement of the sandbox itself: prepared once, and in plain numbers whatever the app prefers. */
  #prepareOwn(sql: string): Statement {
    let statement = this.#own.get(sql);
    if (!statement) {
      statement = this.prepare(sql);
      if (statement.reader) statement.safeIntegers(false);
      this.#own.set(sql, statement);
    }
    return statement;
  }
}
