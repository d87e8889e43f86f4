/**
 * `node:sqlite` as a driver (Node 22.13 and newer), and the only file that loads it or casts its
 * types. Nothing of it is loaded before somebody asks for it.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetupError } from '../setup-error.ts';
import type { Driver, Image, RawHandle, Running, StatementPrototype } from './driver.ts';
import { executorOf, routeStatements, type Runner } from './executors.ts';
import { routeBackups } from './node-sqlite-backup.ts';
import { leasedNodeHandle, noteOwners, ownerOf } from './node-sqlite-handle.ts';
import { meet } from './file-uses.ts';
import type { Session } from './session.ts';
import type { SqliteRefusal } from './sqlite-refusal.ts';
import { isControl, kindOf } from './statement-kind.ts';
import { withoutWal } from './wal-image.ts';

/** A statement of `node:sqlite`, as far as all versions of Node have it. */
export interface NodeSqliteStatement {
  all(...values: unknown[]): Record<string, unknown>[];
  get(...values: unknown[]): Record<string, unknown> | undefined;
  run(...values: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(...values: unknown[]): IterableIterator<Record<string, unknown>>;
  setReadBigInts(enabled: boolean): void;
  setAllowBareNamedParameters(enabled: boolean): void;
  readonly sourceSQL: string;
  readonly expandedSQL: string;
}

/**
 * A `DatabaseSync`, as far as all versions of Node have it. With the types of Node 22 or newer, say
 * `sqlite<DatabaseSync>({ driver: 'node:sqlite' })`.
 */
export interface NodeSqliteHandle {
  exec(sql: string): void;
  prepare(sql: string): NodeSqliteStatement;
  close(): void;
  /** From Node 22.16 on. */
  readonly isTransaction: boolean;
  /** From Node 22.15 on. */
  readonly isOpen: boolean;
}

/** What later versions of Node have. */
interface NewerHandle extends NodeSqliteHandle {
  readonly isTransaction: boolean;
  location?(): string | null;
  serialize?(): Uint8Array;
  deserialize?(bytes: Uint8Array): void;
}

interface NewerStatement extends NodeSqliteStatement {
  setReturnArrays?(enabled: boolean): void;
}

interface NodeSqlite {
  readonly DatabaseSync: {
    readonly prototype: NewerHandle;
    new (
      path: string,
      options?: { readonly readOnly?: boolean; readonly timeout?: number },
    ): NewerHandle;
  };
  readonly StatementSync: { readonly prototype: StatementPrototype };
  backup: (from: object, ...rest: readonly unknown[]) => Promise<unknown>;
}

/** As better-sqlite3 waits; Node's own default is not to wait at all. */
const BUSY_TIMEOUT_MILLIS = 5000;

/** @throws SetupError `ERR_SAVEPOINT_NODE_SQLITE` where Node has none */
function load(): NodeSqlite {
  const found = process.getBuiltinModule('node:sqlite') as NodeSqlite | undefined;
  if (found) return found;
  throw new SetupError(
    'ERR_SAVEPOINT_NODE_SQLITE',
    `sqlite: Node ${process.versions.node} has no \`node:sqlite\`; it comes with Node 22.13 and newer. ` +
      'Run the tests with such a Node, or leave out `driver`: better-sqlite3 runs on all of them.',
  );
}

export const nodeSqlite: Driver<NodeSqliteHandle> = {
  open(file, { readonly = false } = {}) {
    const { DatabaseSync } = load();
    return new NodeRawHandle(
      new DatabaseSync(file, { readOnly: readonly, timeout: BUSY_TIMEOUT_MILLIS }),
      { readonly },
    );
  },
  async imageOf(raw) {
    const handle: NewerHandle = raw.handle;
    if (handle.serialize) return new BytesImage(withoutWal(handle.serialize()));
    const bytes = await bytesOf(raw);
    return new VacuumedImage(vacuumed(raw), bytes);
  },
};

/** A copy by its bytes; from Node 24 on. */
class BytesImage implements Image<NodeSqliteHandle> {
  readonly fingerprint: string;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.fingerprint = hash(bytes);
  }

  copy(): RawHandle<NodeSqliteHandle> {
    const { DatabaseSync } = load();
    const handle = new DatabaseSync(':memory:', { timeout: BUSY_TIMEOUT_MILLIS });
    const isImage = this.#bytes.length > 0;
    if (isImage) handle.deserialize?.(this.#bytes);
    return new NodeRawHandle(handle, { isImage });
  }
}

/** A copy by SQLite's VACUUM INTO, which `node:sqlite` had before it could read bytes. */
class VacuumedImage implements Image<NodeSqliteHandle> {
  readonly fingerprint: string;
  readonly #template: RawHandle<NodeSqliteHandle>;

  constructor(template: RawHandle<NodeSqliteHandle>, bytes: Uint8Array) {
    this.#template = template;
    this.fingerprint = hash(bytes);
  }

  copy(): RawHandle<NodeSqliteHandle> {
    return vacuumed(this.#template);
  }
}

let copies = 0;

/** A database in memory has a name that others of the process can write to, and ends with its last handle. */
function vacuumed(from: RawHandle<NodeSqliteHandle>): RawHandle<NodeSqliteHandle> {
  const name = `file:/savepoint-${String(process.pid)}-${String(++copies)}?vfs=memdb`;
  const { DatabaseSync } = load();
  const copy = new NodeRawHandle(new DatabaseSync(name), { readonly: false, memory: true });
  from.exec(`VACUUM INTO '${name}'`);
  return copy;
}

async function bytesOf(raw: RawHandle<NodeSqliteHandle>): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-image-'));
  try {
    const file = join(folder, 'image.db');
    raw.exec(`VACUUM INTO '${file.replaceAll("'", "''")}'`);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether it is an open `DatabaseSync`. */
export function isNodeHandle(handle: unknown): handle is NodeSqliteHandle {
  if (typeof (Object(handle) as { createSession?: unknown }).createSession !== 'function')
    return false;
  return handle instanceof load().DatabaseSync && (handle as { isOpen?: boolean }).isOpen !== false;
}

export class NodeRawHandle implements RawHandle<NodeSqliteHandle> {
  readonly handle: NodeSqliteHandle;
  readonly file: string | undefined;
  readonly readonly: boolean;
  readonly isImage: boolean;
  readonly knowsStatements = false;
  readonly exec: (sql: string) => void;
  readonly close: () => void;
  readonly #prepare: NodeSqliteHandle['prepare'];
  readonly #methods: StatementPrototype;
  readonly #own = new Map<string, NewerStatement>();

  constructor(handle: NewerHandle, { readonly = false, memory = false, isImage = false } = {}) {
    const module = load();
    const { DatabaseSync, StatementSync } = module;
    routeBackups(module);
    noteOwners(DatabaseSync, (handle) => {
      meet(handle, locationOf(handle));
    });
    this.handle = handle;
    this.exec = handle.exec.bind(handle);
    this.close = handle.close.bind(handle);
    this.#prepare = handle.prepare.bind(handle);
    this.file = memory ? undefined : this.#fileName();
    this.readonly = readonly;
    this.isImage = isImage;
    this.#methods = routeStatements(StatementSync.prototype, executorFor);
  }

  #fileName(): string | undefined {
    const [main] = this.#prepare('PRAGMA database_list').all() as { file?: string }[];
    return main?.file || undefined;
  }

  get getTellsOfCommit(): boolean {
    return (tellsOfCommit ??= doesGetTellOfCommit());
  }

  get inTransaction(): boolean {
    const { isTransaction } = this.handle as { isTransaction?: boolean };
    return isTransaction ?? this.#cannotBegin();
  }

  /** Node before 22.16 does not tell; SQLite does, by what it refuses. */
  #cannotBegin(): boolean {
    try {
      this.exec('BEGIN');
    } catch {
      return true;
    }
    this.exec('COMMIT');
    return false;
  }

  get isOpen(): boolean {
    return (this.handle as { isOpen?: boolean }).isOpen ?? true;
  }

  run(sql: string): void {
    this.#methods.run.call(this.#ownStatement(sql));
  }

  all(sql: string): Record<string, unknown>[] {
    return this.#methods.all.call(this.#ownStatement(sql)) as Record<string, unknown>[];
  }

  setting(name: string): unknown {
    const row = this.#methods.get.call(this.#ownStatement(`PRAGMA ${name}`));
    return row === undefined ? undefined : Object.values(row as object)[0];
  }

  #ownStatement(sql: string): NodeSqliteStatement {
    const known = this.#own.get(sql);
    if (known) return known;
    const statement: NewerStatement = this.#prepare(sql);
    statement.setReadBigInts(false);
    statement.setReturnArrays?.(false);
    this.#own.set(sql, statement);
    return statement;
  }

  check(sql: string): void {
    this.#prepare(sql);
  }

  async backUp(file: string): Promise<void> {
    await load().backup(this.handle, file);
  }

  forgetPreferences(): void {
    // There are none of a handle.
  }

  lend(session: Session): NodeSqliteHandle {
    return leasedNodeHandle(this.handle, session);
  }

  watchBegins(): void {
    watchedHandles += 1;
  }

  watchEnds(): void {
    watchedHandles -= 1;
  }

  watchedMethods(session: () => Session, close: () => void): Readonly<Record<string, unknown>> {
    return {
      exec: (sql: string) => {
        const access = session().use();
        if (typeof sql === 'string') access.exec(sql);
        else this.exec(sql); // The driver says what is wrong with it.
      },
      prepare: (sql: string, ...options: []) => {
        const access = session().use();
        const statement = this.#prepare(
          typeof sql === 'string' ? access.prepare(sql) : sql,
          ...options,
        );
        ownerOf.set(statement, this.handle);
        return statement;
      },
      close,
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

  keepRunning(): () => void {
    const sql = 'SELECT 1 UNION ALL SELECT 1 FROM main.sqlite_schema';
    const rows = this.call(this.#prepare(sql), 'iterate', []) as IterableIterator<unknown>;
    rows.next();
    return () => void rows.return?.();
  }

  performs(): boolean {
    return true;
  }

  sqlOf(statement: object): string {
    return (statement as NodeSqliteStatement).sourceSQL;
  }

  /** Node does not tell; a query that does not begin with its verb is taken for one that writes. */
  reads(statement: object): boolean {
    return /^\s*(?:select|values)\b/i.test(this.sqlOf(statement));
  }

  error({ message, code }: SqliteRefusal): Error {
    const [errcode, errstr] =
      code === 'SQLITE_CONSTRAINT_FOREIGNKEY' ? [787, 'constraint failed'] : [1, 'SQL logic error'];
    return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode, errstr });
  }
}

let tellsOfCommit: boolean | undefined;

/** Later versions of Node do, and none says so. */
function doesGetTellOfCommit(): boolean {
  const handle = new (load().DatabaseSync)(':memory:');
  handle.exec(
    'CREATE TABLE p (id PRIMARY KEY); CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
  );
  try {
    handle.prepare('INSERT INTO c VALUES (1) RETURNING p').get();
    return false;
  } catch {
    return true;
  } finally {
    handle.close();
  }
}

function executorFor(statement: object, own: StatementPrototype): Runner | undefined {
  const handle = ownerOf.get(statement);
  if (handle) {
    const executor = executorOf(handle);
    if (!executor) meet(handle, locationOf(handle));
    return executor;
  }
  return watchedHandles > 0 ? unknown(own) : undefined;
}

function locationOf(handle: NewerHandle): string | null | undefined {
  return (handle as { isOpen?: boolean }).isOpen === false ? undefined : handle.location?.();
}

/** How many handles of apps are watched now. */
let watchedHandles = 0;

/** Runs statements whose handle nobody knows, unless they would end a sandbox. */
function unknown(own: StatementPrototype): Runner {
  return {
    execute(statement, method, args) {
      const { sourceSQL } = statement as NodeSqliteStatement;
      if (!isControl(kindOf(sourceSQL))) return own[method].apply(statement, args as unknown[]);
      throw new SetupError(
        'ERR_SAVEPOINT_SQLITE_STATEMENT',
        `sqlite: "${sourceSQL}" was prepared before rollbackEach() was called, and node:sqlite does not tell on which handle. ` +
          'Begin and end transactions with `db.exec`, or prepare such a statement where it is used.',
      );
    },
  };
}
