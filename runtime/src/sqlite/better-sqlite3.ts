/**
 * better-sqlite3 as a driver, and the only file that loads it or casts its types: an optional peer.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { SetupError } from '../setup-error.ts';
import { BACKUP } from './access.ts';
import { leasedBetterHandle } from './better-sqlite3-handle.ts';
import type { Driver, Image, RawHandle, Running, StatementPrototype } from './driver.ts';
import { executorOf, routeStatements } from './executors.ts';
import { meet } from './file-uses.ts';
import type { Session } from './session.ts';
import type { SqliteRefusal } from './sqlite-refusal.ts';
import { withoutWal } from './wal-image.ts';

export type BetterHandle = BetterSqlite3.Database;
type Statement = BetterSqlite3.Statement;
type Open = new (file: string | Buffer, options?: BetterSqlite3.Options) => BetterHandle;
type SqliteError = new (message: string, code: string) => Error;

const require = createRequire(import.meta.url);

/** @throws SetupError `ERR_SAVEPOINT_MISSING_PEER` without the package */
function load(): Open {
  try {
    return require('better-sqlite3') as Open;
  } catch (cause) {
    throw new SetupError(
      'ERR_SAVEPOINT_MISSING_PEER',
      'savepoint/sqlite needs the package `better-sqlite3`, and cannot load it: npm install better-sqlite3. ' +
        "From Node 22.13 on, `sqlite({ driver: 'node:sqlite' })` needs no package.",
      { cause },
    );
  }
}

export const betterSqlite3: Driver<BetterHandle> = {
  open: (file, options) => new BetterRawHandle(new (load())(file, options)),
  imageOf(raw) {
    const bytes = withoutWal(raw.handle.serialize());
    return Promise.resolve(new BetterImage(bytes));
  },
};

class BetterImage implements Image<BetterHandle> {
  readonly fingerprint: string;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.fingerprint = createHash('sha256').update(bytes).digest('hex');
  }

  copy(): RawHandle<BetterHandle> {
    // An empty database has no pages, and no bytes.
    const isImage = this.#bytes.length > 0;
    return new BetterRawHandle(new (load())(isImage ? this.#bytes : ':memory:'), { isImage });
  }
}

const met = new WeakSet<object>();

/** What other handles of this copy of the driver send without preparing it. */
function meetBeforeExec(handle: BetterHandle): void {
  const prototype = Object.getPrototypeOf(handle) as BetterHandle;
  if (met.has(prototype)) return;
  met.add(prototype);
  const exec: (sql: string) => BetterHandle = prototype.exec;
  prototype.exec = function (this: BetterHandle, sql: string): BetterHandle {
    meet(this, this.name);
    return exec.call(this, sql);
  };
}

/** Whether it is an open handle of any loaded copy of better-sqlite3. */
export function isBetterHandle(handle: unknown): handle is BetterHandle {
  const { prepare, inTransaction, open } = Object(handle) as Partial<BetterHandle>;
  return typeof prepare === 'function' && typeof inTransaction === 'boolean' && open === true;
}

export class BetterRawHandle implements RawHandle<BetterHandle> {
  readonly handle: BetterHandle;
  readonly file: string | undefined;
  readonly readonly: boolean;
  readonly isImage: boolean;
  readonly knowsStatements = true;
  readonly getTellsOfCommit = false;
  readonly exec: (sql: string) => void;
  readonly close: () => void;
  readonly #prepare: BetterHandle['prepare'];
  readonly #transaction: BetterHandle['transaction'];
  readonly #pragma: BetterHandle['pragma'];
  readonly #backup: BetterHandle['backup'];
  readonly #methods: StatementPrototype;
  readonly #own = new Map<string, Statement>();

  constructor(handle: BetterHandle, { isImage = false } = {}) {
    this.handle = handle;
    this.isImage = isImage;
    this.file = handle.memory ? undefined : resolve(handle.name);
    this.readonly = handle.readonly;
    this.exec = handle.exec.bind(handle);
    this.close = handle.close.bind(handle);
    this.#prepare = handle.prepare.bind(handle);
    this.#transaction = handle.transaction.bind(handle);
    this.#pragma = handle.pragma.bind(handle);
    this.#backup = handle.backup.bind(handle);
    const statements = Object.getPrototypeOf(this.#prepare('SELECT 1')) as StatementPrototype;
    this.#methods = routeStatements(statements, (statement) => {
      const { database } = statement as Statement;
      const executor = executorOf(database);
      if (!executor) meet(database, database.name);
      return executor;
    });
    meetBeforeExec(handle);
  }

  get inTransaction(): boolean {
    return this.handle.inTransaction;
  }

  get isOpen(): boolean {
    return this.handle.open;
  }

  run(sql: string): void {
    this.#methods.run.call(this.#ownStatement(sql));
  }

  all(sql: string): Record<string, unknown>[] {
    return this.#methods.all.call(this.#ownStatement(sql)) as Record<string, unknown>[];
  }

  /** Unlike `pragma()` this may be asked while rows are being read. */
  setting(name: string): unknown {
    const statement = this.#ownStatement(`PRAGMA ${name}`);
    if (!statement.reader) return undefined;
    const row = this.#methods.get.call(statement) as Record<string, unknown> | undefined;
    return row && Object.values(row)[0];
  }

  #ownStatement(sql: string): Statement {
    const known = this.#own.get(sql);
    if (known) return known;
    const statement = this.#prepare(sql);
    if (statement.reader) statement.safeIntegers(false);
    this.#own.set(sql, statement);
    return statement;
  }

  check(sql: string): void {
    this.#prepare(sql);
  }

  async backUp(file: string): Promise<void> {
    await this.#backup(file);
  }

  forgetPreferences(): void {
    this.handle.defaultSafeIntegers(false).unsafeMode(false);
  }

  lend(session: Session): BetterHandle {
    return leasedBetterHandle(this.handle, session);
  }

  watchBegins(): void {
    // Its statements tell whose they are.
  }

  watchEnds(): void {
    // Nothing was begun.
  }

  watchedMethods(session: () => Session, close: () => void): Readonly<Record<string, unknown>> {
    const { handle } = this;
    return {
      exec: (sql: string) => {
        const access = session().use();
        if (typeof sql === 'string') access.exec(sql);
        else this.exec(sql); // The driver says what is wrong with it.
        return handle;
      },
      prepare: (sql: string) => {
        const access = session().use();
        return this.#prepare(typeof sql === 'string' ? access.prepare(sql) : sql);
      },
      pragma: (source: string, options?: BetterSqlite3.PragmaOptions) =>
        session()
          .use()
          .pragma(source, (admitted) => this.#pragma(admitted, options)),
      transaction: (work: (...args: unknown[]) => unknown) =>
        this.#transaction(
          typeof work === 'function' ? session().lease.watchTransaction(work) : work,
        ),
      backup: async (...args: Parameters<BetterHandle['backup']>) =>
        session()
          .use()
          .change(BACKUP, () => this.#backup(...args)),
      close: () => {
        close();
        return handle;
      },
    };
  }

  call(statement: object, method: Running, args: readonly unknown[]): unknown {
    return this.#methods[method].apply(statement, args as unknown[]);
  }

  perform(texts: readonly string[], method: Running, args: readonly unknown[]): unknown {
    let result: unknown;
    for (const text of texts) result = this.call(this.#prepare(text), method, args);
    return result;
  }

  keepRunning(): never {
    throw new TypeError('better-sqlite3 reads no statement row by row that has no rows');
  }

  /** The other methods refuse a statement that returns no rows. */
  performs(method: Running): boolean {
    return method === 'run';
  }

  sqlOf(statement: object): string {
    return (statement as Statement).source;
  }

  reads(statement: object): boolean {
    return (statement as Statement).readonly;
  }

  error({ message, code }: SqliteRefusal): Error {
    const { SqliteError } = this.handle.constructor as unknown as { SqliteError?: SqliteError };
    return new (SqliteError ?? (load() as unknown as { SqliteError: SqliteError }).SqliteError)(
      message,
      code,
    );
  }
}
