/**
 * One transaction around everything a test does with a handle: the app's own transactions are
 * savepoints in it, and nothing is ever committed. Knows no test runner and no driver.
 */
import { HazardError } from '../hazard-error.ts';
import { captureTrace } from '../trace.ts';
import type { Access, Change } from './access.ts';
import { RESERVED_PREFIX, translate, type AppTransaction } from './app-transaction.ts';
import { DeferredKeys } from './deferred-keys.ts';
import type { DeferringSchema } from './deferring-schema.ts';
import type { RawHandle, Running } from './driver.ts';
import type { Floor } from './floor.ts';
import type { Lease } from './lease.ts';
import { isOn, treatPragma } from './pragmas.ts';
import { Residue } from './residue.ts';
import { Rowless } from './rowless.ts';
import { iteratorOver, type Rows } from './rows.ts';
import { statementsOf } from './sql-reader.ts';
import {
  isControl,
  isPlain,
  kindOf,
  kindOfStatement,
  OTHER,
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
  readonly #floor: Floor;
  readonly #deferredKeys: DeferredKeys;
  readonly #residue: Residue;
  readonly #outer: Sandbox | undefined;
  /** Of statements that are not plain. */
  #kinds: WeakMap<object, StatementKind> | undefined;
  #state: AppTransaction = { is: 'idle' };
  #rowless: Rowless | undefined;
  /** Whether anything may be committed as the app sees it: only then is it a loss when SQLite undoes all. */
  #hasCommitted = false;
  /** How often a failing statement took everything with it, and nothing was lost. */
  #taken = 0;
  #isSpent = false;
  #lost: HazardError | undefined;

  /**
   * @param outer the sandbox that it lies in, on the same handle
   * @throws the driver's error when somebody else is writing
   */
  constructor(
    raw: RawHandle,
    lease: Lease,
    floor: Floor,
    schema: DeferringSchema,
    outer?: Sandbox,
  ) {
    this.#raw = raw;
    this.#lease = lease;
    this.#floor = floor;
    floor.enter();
    this.#deferredKeys = new DeferredKeys(raw, schema);
    this.#residue = new Residue(raw, outer && outer.#residue);
    this.#outer = outer;
  }

  /** Undoes everything. @throws HazardError `no-nested-begin` when a statement had ended the transaction before */
  close(): void {
    const isLost = !this.#raw.inTransaction;
    this.#rowless?.end();
    this.#residue.restoreSettings();
    if (isLost) {
      this.#isSpent = true;
      this.#deferredKeys.schemaChanged();
      this.#restoreDatabases();
      throw this.#lost ?? this.#loss('a statement of a subtest');
    }
    if (this.#state.is === 'open') this.#lease.noteOpenTransaction();
    this.#deferredKeys.undone();
    this.#floor.leave();
    this.#restoreDatabases();
  }

  /** Whether something was done to the handle that cannot be taken back. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  #restoreDatabases(): void {
    if (!this.#residue.movedDatabases) return;
    const around = this.#outer?.isUntouched ? this.#outer.#floor : undefined;
    if (around ?? (this.#floor.isOutermost && this.#raw.inTransaction)) this.#raw.run('ROLLBACK');
    this.#residue.restoreDatabases();
    around?.enter();
  }

  /** Whether its transaction may end and begin anew. */
  get isUntouched(): boolean {
    return (
      this.#floor.isOutermost &&
      this.#state.is === 'idle' &&
      !this.#hasCommitted &&
      !this.#lease.isReading &&
      this.#raw.inTransaction
    );
  }

  get inTransaction(): boolean {
    return this.#state.is === 'open';
  }

  exec(sql: string): void {
    this.#assertIntact();
    const run = (): void => {
      this.#raw.exec(sql);
    };
    if (isPlain(sql) && !this.#mustFollowKeys()) {
      this.#writing(sql, run, holdsSeveral(sql));
      return;
    }
    this.#raw.exec(''); // While rows are being read, a driver may refuse whatever comes.
    const statements = statementsOf(sql).map((statement) => ({
      ...statement,
      kind: kindOfStatement(statement),
    }));
    for (const { text, kind } of statements) this.#execOne(text, kind);
  }

  #execOne(text: string, kind: StatementKind): void {
    const sql = this.#admit(text, kind);
    const run = (): void => {
      this.#raw.exec(sql);
    };
    if (isControl(kind)) this.#control(kind, sql, 'run', []);
    else this.#perform(sql, kind, run);
  }

  prepare(sql: string): string {
    this.#assertIntact();
    return this.#admit(sql, kindOf(sql));
  }

  execute(statement: object, method: Running, args: readonly unknown[]): unknown {
    this.#assertIntact();
    const sql = this.#raw.sqlOf(statement);
    const kind = this.#kindOf(statement, sql);
    this.#rowless?.beforeRunning(statement);
    if (isControl(kind) && this.#raw.performs(method))
      return method === 'iterate'
        ? this.#whenAsked(statement, args, () => this.#control(kind, sql, 'all', args))
        : this.#control(kind, sql, method, args);
    if (kind.is === 'pragma' || kind.is === 'vacuum') this.#admitPrepared(sql, kind);
    const run = (): unknown => this.#raw.call(statement, method, args);
    if (method === 'iterate' && (kind.is === 'other' || kind.is === 'pragma')) {
      const isReading = kind.is === 'other' && this.#raw.reads(statement);
      const open = run as () => IterableIterator<unknown>;
      return this.#lease.track(
        sql,
        isReading ? this.#readingOn(this.#inside(sql, open)) : this.#iterating(sql, open),
      );
    }
    if (kind.is === 'other' && this.#raw.reads(statement)) return this.#reading(run);
    if (method === 'iterate' && this.#raw.performs(method)) {
      const all = (): unknown => this.#raw.call(statement, 'all', args);
      return this.#whenAsked(statement, args, () => this.#perform(sql, kind, all));
    }
    return this.#perform(sql, kind, run, method === 'get');
  }

  /** Rows of a statement that has none. */
  #whenAsked(
    statement: object,
    args: readonly unknown[],
    run: () => unknown,
  ): IterableIterator<unknown> {
    this.#raw.call(statement, 'iterate', args); // The driver says what is wrong with the values.
    const rowless = (this.#rowless ??= new Rowless(this.#raw));
    return iteratorOver(
      rowless.rowsOf(statement, () => {
        this.#lease.assertUsable();
        this.#assertIntact();
        run();
      }),
    );
  }

  pragma(source: string, run: (source: string) => unknown): unknown {
    this.#assertIntact();
    const kind = kindOf(`PRAGMA ${source}`);
    const sql = this.#admit(`PRAGMA ${source}`, kind);
    return this.#perform(sql, kind, () => run(sql.slice('PRAGMA '.length)));
  }

  change<T>({ is, what }: Change, run: () => T): T {
    this.#assertIntact();
    switch (is) {
      case 'registers':
        this.#isSpent = true;
        return run();
      case 'writes':
        return this.#guarded(what, run);
      case 'replaces':
        throw this.#refuse(
          `${what} would go around the rollback sandbox of ${this.#lease.owner}.`,
          OWN_DATABASE,
        );
    }
  }

  #kindOf(statement: object, sql: string): StatementKind {
    if (isPlain(sql)) return OTHER;
    const kinds = (this.#kinds ??= new WeakMap());
    let kind = kinds.get(statement);
    if (!kind) kinds.set(statement, (kind = kindOf(sql)));
    return kind;
  }

  /** Runs a statement that neither begins nor ends a transaction. */
  #perform<T>(sql: string, kind: StatementKind, run: () => T, stopsAtFirstRow = false): T {
    if (kind.is === 'pragma') {
      if (kind.value !== undefined) this.#noteCommit();
      return this.#inside(sql, run);
    }
    if (kind.is === 'attach' || kind.is === 'detach') {
      this.#residue.noteAttached();
      this.#deferredKeys.schemaChanged();
      return this.#inside(sql, () => (kind.is === 'detach' ? this.#detaching(run) : run()));
    }
    return this.#guarded(
      sql,
      kind.is === 'schema' ? this.#changingSchema(run) : run,
      stopsAtFirstRow,
    );
  }

  #changingSchema<T>(run: () => T): () => T {
    return () => {
      try {
        return run();
      } finally {
        this.#deferredKeys.schemaChanged();
      }
    };
  }

  // ---- what the app's transaction is made of

  #control(control: Control, sql: string, method: Running, args: readonly unknown[]): unknown {
    this.#raw.check(sql); // A syntax error is SQLite's to tell, before anything is done.
    const step = this.#refusing(() => {
      const next = translate(control, sql, this.#state);
      if (next.commits) this.#deferredKeys.assertKept();
      return next;
    }, args);
    const result = this.#inside(sql, () => this.#raw.perform(step.send, method, args));
    if (control.is === 'rollback' || control.is === 'rollback-to')
      this.#deferredKeys.schemaChanged();
    this.#deferredKeys.follow(control, this.#state, step);
    this.#state = step.next;
    if (step.commits) this.#hasCommitted = true;
    return result;
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

  /** Whether keys have to be looked at after each statement. */
  #mustFollowKeys(): boolean {
    return this.#state.is === 'idle'
      ? this.#deferredKeys.areUsed()
      : this.#deferredKeys.areFollowed;
  }

  /**
   * Runs a statement; outside a transaction of the app what SQLite defers to the commit is due at once.
   * @param stopsAtFirstRow by `get`, which has its row before SQLite commits, and may not be told of more
   */
  #guarded<T>(sql: string, run: () => T, stopsAtFirstRow = false): T {
    if (!this.#mustCheckKeys()) return this.#followed(sql, () => this.#writing(sql, run));
    const takenBefore = this.#taken;
    this.#raw.run(`SAVEPOINT ${AUTOCOMMIT}`);
    this.#deferredKeys.begin();
    let result: T | undefined;
    try {
      return (result = this.#writing(sql, run));
    } finally {
      // Also after an error: OR FAIL keeps, and commits, the rows before it.
      if (this.#raw.inTransaction && this.#taken === takenBefore)
        this.#commitStatement(
          stopsAtFirstRow && result !== undefined && !this.#raw.getTellsOfCommit,
        );
    }
  }

  #followed<T>(sql: string, run: () => T): T {
    try {
      return run();
    } finally {
      // Also after an error: OR FAIL keeps the rows before it.
      if (this.#state.is === 'open') this.#deferredKeys.ran(sql);
    }
  }

  /** Rows, until the sandbox is lost: then everybody hears of that. */
  #readingOn(rows: IterableIterator<unknown>): Rows {
    return {
      next: () => {
        this.#assertIntact();
        try {
          return rows.next();
        } catch (error) {
          throw endedByRollback(error) ? this.#readingEnded(error) : error;
        }
      },
      return: () => rows.return?.() ?? { done: true, value: undefined },
    };
  }

  #readingEnded(cause: unknown): HazardError {
    return this.#refuse(
      `In the rollback sandbox of ${this.#lease.owner} something was undone while rows were being read, and in one transaction that ends all reading.`,
      `Read the rows before, by \`all()\`. ${OWN_DATABASE}`,
      cause,
    );
  }

  /** The same for a statement whose rows are read one by one: SQLite commits after the last. */
  #iterating(sql: string, run: () => IterableIterator<unknown>): Rows {
    const couldLose = this.#hasCommitted;
    const takenBefore = this.#taken;
    let isToCommit = this.#mustCheckKeys();
    if (isToCommit) {
      this.#raw.run(`SAVEPOINT ${AUTOCOMMIT}`);
      this.#deferredKeys.begin();
    }
    const finish = (isSilent: boolean): void => {
      const isIntact = this.#raw.inTransaction && this.#taken === takenBefore;
      const commits = isToCommit && isIntact;
      isToCommit = false;
      if (commits) this.#commitStatement(isSilent);
      else if (this.#state.is === 'open') this.#deferredKeys.ran(sql);
    };
    const rows = this.#writing(sql, run);
    return {
      next: () => {
        let result: IteratorResult<unknown> | undefined;
        this.#assertIntact();
        try {
          return (result = this.#inside(sql, () => rows.next(), couldLose));
        } finally {
          if (!result || result.done) finish(false);
        }
      },
      return: () => {
        const result = rows.return?.();
        finish(true);
        return result ?? { done: true, value: undefined };
      },
    };
  }

  #commitStatement(isSilent: boolean): void {
    try {
      this.#refusing(() => {
        this.#deferredKeys.assertKept();
      });
    } catch (error) {
      this.#raw.run(`ROLLBACK TO ${AUTOCOMMIT}`);
      this.#deferredKeys.forgetChanges();
      if (!isSilent) throw error;
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
      // Too many values, or rows still being read.
      this.#raw.perform([`SAVEPOINT ${PROBE}`], 'run', args);
      this.#raw.run(`RELEASE ${PROBE}`);
      throw this.#raw.error(error);
    }
  }

  // ---- statements that do not work in a transaction

  /**
   * In a transaction of the app SQLite says by itself what cannot be done in one.
   * @returns what to send
   * @throws HazardError `no-non-transactional-ddl`
   */
  #admit(sql: string, kind: StatementKind): string {
    if (kind.is === 'pragma') return this.#admitPragma(sql, kind);
    if (kind.is === 'vacuum' && this.#state.is === 'idle')
      throw this.#refuse(this.#cannotRun('VACUUM'), OWN_DATABASE);
    return sql;
  }

  /** A statement that was prepared in a transaction of the app may be run outside of it. */
  #admitPrepared(sql: string, kind: StatementKind): void {
    const isSame = this.#admit(sql, kind) === sql;
    if (!isSame && kind.is === 'pragma') throw this.#refusePragma(kind);
  }

  #admitPragma(sql: string, pragma: Pragma): string {
    if (pragma.name === 'defer_foreign_keys' && pragma.value !== undefined)
      this.#deferredKeys.ask(this.#state, isOn(pragma.value));
    const read = (name: string): unknown => this.#raw.setting(name);
    const treatment = treatPragma(pragma, read, this.#raw.file === undefined);
    const isDoneByApp = this.#state.is === 'open' && pragma.name !== 'wal_checkpoint';
    if (isDoneByApp && treatment !== 'restore') return sql;
    switch (treatment) {
      case 'pass':
        return sql;
      case 'unchanged':
        return pragma.name === 'journal_mode' ? 'PRAGMA journal_mode' : NO_OP;
      case 'restore':
        this.#residue.noteSetting(pragma.name);
        return sql;
      case 'refuse':
        throw this.#refusePragma(pragma);
    }
  }

  #refusePragma({ name, value }: Pragma): HazardError {
    const set = `${name}: ${JSON.stringify(value ?? '')}`;
    return this.#refuse(
      this.#cannotRun(`PRAGMA ${name}`),
      value === undefined || name === 'wal_checkpoint'
        ? 'Leave it out of the test: nothing is committed in the sandbox.'
        : `Set it where the handle is opened: \`sqlite({ pragma: { ${set} } })\`, or on the app's own handle before the tests begin; or give the test a copy of its own, \`db.clone(t)\`.`,
    );
  }

  /**
   * No transaction ends before the test does, and each keeps what was read in it attached, by the app or
   * by the sandbox in search of foreign keys.
   */
  #detaching<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (!/database .* is locked/.test((cause as Error).message)) throw cause;
      throw this.#refuse(
        `${this.#lease.owner} detached a database that was read or written in it, and in the rollback sandbox no transaction ends before the test does.`,
        OWN_DATABASE,
        cause,
      );
    }
  }

  #cannotRun(statement: string): string {
    return `${statement} cannot run inside a transaction, and the rollback sandbox of ${this.#lease.owner} is one.`;
  }

  #refuse(happened: string, remedy: string, cause?: unknown): HazardError {
    return new HazardError('no-non-transactional-ddl', {
      happened,
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy,
      cause,
    });
  }

  // ---- staying inside

  #assertIntact(): void {
    if (this.#lost) throw this.#lost;
    // Before, too: a statement that is sent now would be committed.
    if (!this.#raw.inTransaction) throw (this.#lost = this.#loss('a statement before this one'));
  }

  /** A statement outside of a transaction of the app is committed, as the app sees it. */
  #noteCommit(): void {
    if (this.#state.is === 'idle') this.#hasCommitted = true;
  }

  /** @param isSeveral whether there is more than one statement in it */
  #writing<T>(sql: string, run: () => T, isSeveral = false): T {
    if (isSeveral) this.#noteCommit();
    const couldLose = this.#hasCommitted;
    this.#noteCommit();
    return this.#inside(sql, run, couldLose);
  }

  /** Runs a statement and sees to it that the sandbox's transaction is still there afterwards. */
  #inside<T>(sql: string, run: () => T, couldLose = this.#hasCommitted): T {
    let result: T;
    try {
      result = run();
    } catch (error) {
      if (!this.#raw.inTransaction) this.#leftBy(sql, error, couldLose);
      throw error;
    }
    if (!this.#raw.inTransaction) throw (this.#lost = this.#loss(sql));
    return result;
  }

  /**
   * A failing statement ended all transactions. That is what the app would see, too, as long as
   * nothing it had committed went with them, and nobody was reading what was.
   * @throws HazardError `no-nested-begin` when something did
   */
  #leftBy(sql: string, error: unknown, couldLose: boolean): void {
    if (couldLose || this.#lease.isReading || !this.#floor.isOutermost)
      throw (this.#lost = this.#loss(sql, error));
    this.#floor.enter();
    this.#hasCommitted = false;
    this.#taken += 1;
    this.#state = { is: 'idle' };
    this.#deferredKeys.schemaChanged();
    this.#deferredKeys.end();
  }

  #loss(statement: string, cause?: unknown): HazardError {
    return new HazardError('no-nested-begin', {
      values: { test: this.#lease.owner, statement },
      acquired: this.#lease.opened,
      used: captureTrace(),
      test: this.#lease.test,
      remedy: `ON CONFLICT ROLLBACK, INSERT OR ROLLBACK and RAISE(ROLLBACK) end every transaction around them. ${OWN_DATABASE}`,
      cause,
    });
  }
}

const OWN_DATABASE =
  'Give this test a copy of its own, `db.clone(t)` of `savepoint/sqlite`, where all that SQLite does is done for real.';

/** https://www.sqlite.org/rescode.html#abort_rollback */
function endedByRollback(error: unknown): boolean {
  const { code, errcode } = Object(error) as { code?: unknown; errcode?: unknown };
  return errcode === 516 || code === 'SQLITE_ABORT_ROLLBACK';
}

/** Whether a text may hold more than one statement. */
function holdsSeveral(sql: string): boolean {
  const semicolon = sql.indexOf(';');
  return semicolon !== -1 && sql.slice(semicolon + 1).trim() !== '';
}
