/**
 * One transaction around everything a test does with a handle: the app's own transactions are
 * savepoints in it, and nothing is ever committed. Knows no test runner.
 */
import { HazardError } from '../hazard-error.ts';
import { captureTrace } from '../trace.ts';
import type { Access } from './access.ts';
import { RESERVED_PREFIX, translate, type AppTransaction } from './app-transaction.ts';
import { DeferredKeys } from './deferred-keys.ts';
import {
  sqliteError,
  type Handle,
  type RawHandle,
  type Running,
  type RunResult,
  type Statement,
} from './driver.ts';
import type { Lease } from './lease.ts';
import { treatPragma } from './pragmas.ts';
import { statementsOf } from './sql-reader.ts';
import {
  isControl,
  kindOf,
  kindOfStatement,
  type Control,
  type Pragma,
  type StatementKind,
} from './statement-kind.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';

const AUTOCOMMIT = `"${RESERVED_PREFIX}statement"`;
const PROBE = `"${RESERVED_PREFIX}probe"`;
/** An unknown pragma does nothing: sent for one that would only set what is set. */
const NO_OP = 'PRAGMA savepoint_unchanged';

export class Sandbox implements Access {
  readonly #raw: RawHandle;
  readonly #lease: Lease;
  /** The savepoint of a sandbox inside another one; the outermost is a transaction. */
  readonly #savepoint: string | undefined;
  readonly #deferredKeys: DeferredKeys;
  readonly #kinds = new WeakMap<Statement, StatementKind>();
  /** What was set in the sandbox, by name, with the statement that sets it back. */
  readonly #settings = new Map<string, string>();
  readonly #attached: readonly unknown[];
  #state: AppTransaction = { is: 'idle' };
  #lost: HazardError | undefined;

  /** @param depth how many sandboxes of the same handle are open around this one */
  constructor(raw: RawHandle, lease: Lease, depth = 0) {
    this.#raw = raw;
    this.#lease = lease;
    this.#savepoint = depth === 0 ? undefined : `"${RESERVED_PREFIX}sandbox ${String(depth)}"`;
    this.#deferredKeys = new DeferredKeys(raw);
    this.#attached = this.#databases();
    // IMMEDIATE takes the write lock now instead of at some statement of the app.
    raw.run(
      this.#savepoint
        ? `SAVEPOINT ${this.#savepoint}`
        : raw.handle.readonly
          ? 'BEGIN'
          : 'BEGIN IMMEDIATE',
    );
  }

  /** Undoes everything. @throws HazardError `no-nested-begin` when a statement had ended the transaction before */
  close(): void {
    for (const restore of this.#settings.values()) this.#raw.pragma(restore);
    if (!this.#raw.inTransaction) throw this.#lost ?? this.#loss('a statement of a subtest');
    if (this.#savepoint) {
      this.#raw.run(`ROLLBACK TO ${this.#savepoint}`);
      this.#raw.run(`RELEASE ${this.#savepoint}`);
    } else {
      this.#raw.run('ROLLBACK');
      this.#detachLeftovers();
    }
  }

  /** A rollback does not undo ATTACH. */
  #detachLeftovers(): void {
    for (const name of this.#databases()) {
      if (!this.#attached.includes(name)) this.#raw.run('DETACH ?', [name]);
    }
  }

  /** The names of the databases of the connection; `temp` comes and goes by itself. */
  #databases(): unknown[] {
    const list = this.#raw.all('PRAGMA database_list') as { name: string }[];
    return list.map(({ name }) => name).filter((name) => name !== 'temp');
  }

  get inTransaction(): boolean {
    return this.#state.is === 'open';
  }

  exec(sql: string): void {
    this.#assertIntact();
    const statements = statementsOf(sql).map((statement) => ({
      ...statement,
      kind: kindOfStatement(statement),
    }));
    if (statements.every(({ kind }) => kind.is === 'other') && !this.#mustCheckKeys()) {
      this.#inside(sql, () => {
        this.#raw.exec(sql);
      });
      return;
    }
    for (const { text, kind } of statements) this.#execOne(text, kind);
  }

  #execOne(text: string, kind: StatementKind): void {
    const sql = this.#admit(text, kind);
    const run = (): void => {
      this.#raw.exec(sql);
    };
    if (isControl(kind)) this.#control(kind, sql);
    else if (kind.is === 'pragma') this.#inside(sql, run);
    else this.#guarded(sql, run);
  }

  prepare(sql: string): string {
    this.#assertIntact();
    return this.#admit(sql, kindOf(sql));
  }

  execute(statement: Statement, method: Running, args: unknown[]): unknown {
    this.#assertIntact();
    const kind = this.#kindOf(statement);
    if (isControl(kind) && method === 'run') return this.#control(kind, statement.source, args);
    const native = this.#raw.methods[method];
    if (method !== 'iterate') {
      const run = (): unknown => native.apply(statement, args);
      if (kind.is === 'pragma') return this.#inside(statement.source, run);
      return statement.readonly ? this.#reading(run) : this.#guarded(statement.source, run);
    }
    return this.#lease.track(
      statement.source,
      this.#inside(statement.source, () =>
        native.apply(statement, args),
      ) as IterableIterator<unknown>,
    );
  }

  pragma(...[source, options]: Parameters<Handle['pragma']>): unknown {
    this.#assertIntact();
    const sql = this.#admit(`PRAGMA ${source}`, kindOf(`PRAGMA ${source}`));
    return this.#inside(sql, () => this.#raw.pragma(sql.slice('PRAGMA '.length), options));
  }

  #kindOf(statement: Statement): StatementKind {
    let kind = this.#kinds.get(statement);
    if (!kind) {
      kind = kindOf(statement.source);
      this.#kinds.set(statement, kind);
    }
    return kind;
  }

  // ---- what the app's transaction is made of

  #control(control: Control, sql: string, args: readonly unknown[] = []): RunResult {
    this.#raw.prepare(sql); // A syntax error is SQLite's to tell, before anything is done.
    const step = this.#refusing(() => {
      const next = translate(control, sql, this.#state);
      if (next.commits) this.#deferredKeys.assertKept();
      return next;
    }, args);
    const results = this.#inside(sql, () => step.send.map((text) => this.#raw.run(text, args)));
    this.#deferredKeys.follow(this.#state, step);
    this.#state = step.next;
    return results.at(-1) as RunResult;
  }

  /** Outside a transaction of the app a query is one of its own, which ends what was deferred for one. */
  #reading<T>(run: () => T): T {
    const result = run();
    if (this.#state.is === 'idle') this.#deferredKeys.end();
    return result;
  }

  #mustCheckKeys(): boolean {
    return this.#state.is === 'idle' && this.#deferredKeys.areUsed();
  }

  /** Runs a statement; outside a transaction of the app what SQLite defers to the commit is due at once. */
  #guarded<T>(sql: string, run: () => T): T {
    if (!this.#mustCheckKeys()) return this.#inside(sql, run);
    this.#raw.run(`SAVEPOINT ${AUTOCOMMIT}`);
    this.#deferredKeys.begin();
    try {
      return this.#inside(sql, run);
    } finally {
      // Also after an error: OR FAIL keeps, and commits, the rows before it.
      if (this.#raw.inTransaction) this.#commitStatement();
    }
  }

  #commitStatement(): void {
    try {
      this.#refusing(() => {
        this.#deferredKeys.assertKept();
      });
    } catch (error) {
      this.#raw.run(`ROLLBACK TO ${AUTOCOMMIT}`);
      throw error;
    } finally {
      this.#raw.run(`RELEASE ${AUTOCOMMIT}`);
      this.#deferredKeys.end();
    }
  }

  /** Turns what SQLite would say into the error its driver throws, which the driver's own come before. */
  #refusing<T>(decide: () => T, args: readonly unknown[] = []): T {
    try {
      return decide();
    } catch (error) {
      if (!(error instanceof SqliteRefusal)) throw error;
      this.#raw.run(`SAVEPOINT ${PROBE}`, args); // Too many values, or rows still being read.
      this.#raw.run(`RELEASE ${PROBE}`);
      throw sqliteError(error);
    }
  }

  // ---- statements that do not work in a transaction

  /** @returns what to send. @throws HazardError `no-non-transactional-ddl` */
  #admit(sql: string, kind: StatementKind): string {
    if (kind.is === 'vacuum')
      throw this.#refuse(
        'VACUUM',
        'Run it on a handle of its own: `new Database(file)`, outside the rollback sandbox.',
      );
    return kind.is === 'pragma' ? this.#admitPragma(sql, kind) : sql;
  }

  #admitPragma(sql: string, pragma: Pragma): string {
    if (pragma.name === 'defer_foreign_keys') this.#deferredKeys.ask(this.#state);
    if (this.#raw.handle.memory && pragma.name === 'journal_mode') return sql;
    const read = (name: string): unknown => this.#raw.setting(name);
    switch (treatPragma(pragma, read)) {
      case 'pass':
        return sql;
      case 'unchanged':
        return pragma.name === 'journal_mode' ? 'PRAGMA journal_mode' : NO_OP;
      case 'restore':
        this.#noteSetting(pragma.name);
        return sql;
      case 'refuse': {
        const set = `${pragma.name}: ${JSON.stringify(pragma.value ?? '')}`;
        throw this.#refuse(
          `PRAGMA ${pragma.name}`,
          pragma.value === undefined
            ? 'Leave it out of the test: nothing is committed in the sandbox.'
            : `Set it where the handle is opened: \`sqlite({ pragma: { ${set} } })\`, or on the app's own handle before the tests begin.`,
        );
      }
    }
  }

  /** `case_sensitive_like` alone cannot be asked; it is off unless somebody set it. */
  #noteSetting(name: string): void {
    if (this.#settings.has(name)) return;
    const before = this.#raw.setting(name) as string | number | undefined;
    this.#settings.set(name, `${name} = ${before ?? 'OFF'}`);
  }

  #refuse(statement: string, remedy: string): HazardError {
    return new HazardError('no-non-transactional-ddl', {
      happened: `${statement} cannot run inside a transaction, and the rollback sandbox of ${this.#lease.owner} is one.`,
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy,
    });
  }

  // ---- staying inside

  #assertIntact(): void {
    if (this.#lost) throw this.#lost;
  }

  /** Runs a statement and sees to it that the sandbox's transaction is still there afterwards. */
  #inside<T>(sql: string, run: () => T): T {
    let result: T;
    try {
      result = run();
    } catch (error) {
      this.#assertInside(sql, error);
      throw error;
    }
    this.#assertInside(sql);
    return result;
  }

  #assertInside(statement: string, cause?: unknown): void {
    if (this.#raw.inTransaction) return;
    this.#lost = this.#loss(statement, cause);
    throw this.#lost;
  }

  #loss(statement: string, cause?: unknown): HazardError {
    return new HazardError('no-nested-begin', {
      values: { test: this.#lease.owner, statement },
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy:
        'ON CONFLICT ROLLBACK, INSERT OR ROLLBACK and RAISE(ROLLBACK) end every transaction around them. ' +
        'Run this test on a database of its own, in memory: `sqlite()` without `file`, where transactions are real.',
      cause,
    });
  }
}
