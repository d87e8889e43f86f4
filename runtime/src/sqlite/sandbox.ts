/**
 * One transaction around everything a test does with a handle: the app's own transactions are
 * savepoints in it, and nothing is ever committed. Knows no test runner and no driver.
 */
import type { Access, Change } from './access.ts';
import { Admission } from './admission.ts';
import { RESERVED_PREFIX, translate, type AppTransaction } from './app-transaction.ts';
import { DeferredKeys } from './deferred-keys.ts';
import type { DeferringSchema } from './deferring-schema.ts';
import type { RawHandle, Running } from './driver.ts';
import { Enclosure } from './enclosure.ts';
import type { Floor } from './floor.ts';
import type { Lease } from './lease.ts';
import { Refusals } from './refusals.ts';
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
  type StatementKind,
} from './statement-kind.ts';
import { SqliteRefusal } from './sqlite-refusal.ts';

const AUTOCOMMIT = `"${RESERVED_PREFIX}statement"`;
const PROBE = `"${RESERVED_PREFIX}probe"`;

export class Sandbox implements Access {
  readonly #raw: RawHandle;
  readonly #lease: Lease;
  readonly #floor: Floor;
  readonly #deferredKeys: DeferredKeys;
  readonly #residue: Residue;
  readonly #refusals: Refusals;
  readonly #admission: Admission;
  readonly #enclosure: Enclosure;
  readonly #outer: Sandbox | undefined;
  /** Of statements that are not plain. */
  #kinds: WeakMap<object, StatementKind> | undefined;
  #state: AppTransaction = { is: 'idle' };
  #rowless: Rowless | undefined;
  #isSpent = false;

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
    this.#refusals = new Refusals(lease);
    this.#admission = new Admission(raw, this.#deferredKeys, this.#residue, this.#refusals);
    this.#enclosure = new Enclosure(raw, lease, floor, this.#refusals, () => {
      this.#beginAnew();
    });
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
      throw this.#enclosure.loss;
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
      !this.#enclosure.hasCommitted &&
      !this.#lease.isReading &&
      this.#raw.inTransaction
    );
  }

  get inTransaction(): boolean {
    return this.#state.is === 'open';
  }

  exec(sql: string): void {
    this.#enclosure.assertIntact();
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
    const sql = this.#admission.admit(text, kind, this.#state);
    const run = (): void => {
      this.#raw.exec(sql);
    };
    if (isControl(kind)) this.#control(kind, sql, 'run', []);
    else this.#perform(sql, kind, run);
  }

  prepare(sql: string): string {
    this.#enclosure.assertIntact();
    return this.#admission.admit(sql, kindOf(sql), this.#state);
  }

  execute(statement: object, method: Running, args: readonly unknown[]): unknown {
    this.#enclosure.assertIntact();
    const sql = this.#raw.sqlOf(statement);
    const kind = this.#kindOf(statement, sql);
    this.#rowless?.beforeRunning(statement);
    if (isControl(kind) && this.#raw.performs(method))
      return method === 'iterate'
        ? this.#whenAsked(statement, args, () => this.#control(kind, sql, 'all', args))
        : this.#control(kind, sql, method, args);
    if (kind.is === 'pragma' || kind.is === 'vacuum')
      this.#admission.assertStillAdmitted(sql, kind, this.#state);
    const run = (): unknown => this.#raw.call(statement, method, args);
    if (method === 'iterate' && (kind.is === 'other' || kind.is === 'pragma')) {
      const isReading = kind.is === 'other' && this.#raw.reads(statement);
      const open = run as () => IterableIterator<unknown>;
      return this.#lease.track(
        sql,
        isReading ? this.#readingOn(this.#enclosure.run(sql, open)) : this.#iterating(sql, open),
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
        this.#enclosure.assertIntact();
        run();
      }),
    );
  }

  pragma(source: string, run: (source: string) => unknown): unknown {
    this.#enclosure.assertIntact();
    const kind = kindOf(`PRAGMA ${source}`);
    const sql = this.#admission.admit(`PRAGMA ${source}`, kind, this.#state);
    return this.#perform(sql, kind, () => run(sql.slice('PRAGMA '.length)));
  }

  change<T>({ is, what }: Change, run: () => T): T {
    this.#enclosure.assertIntact();
    switch (is) {
      case 'registers':
        this.#isSpent = true;
        return run();
      case 'writes':
        return this.#guarded(what, run);
      case 'replaces':
        throw this.#refusals.replacing(what);
      case 'backs-up':
        if (this.#state.is === 'idle') throw this.#refusals.copying(what);
        return run();
      case 'serializes':
        if (this.#raw.isImage && (this.#state.is === 'open' || this.#enclosure.hasCommitted))
          throw this.#refusals.copying(what);
        return run();
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
      return this.#enclosure.run(sql, run);
    }
    if (kind.is === 'attach' || kind.is === 'detach') {
      this.#residue.noteAttached();
      this.#deferredKeys.schemaChanged();
      return this.#enclosure.run(sql, () => (kind.is === 'detach' ? this.#detaching(run) : run()));
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
    const result = this.#enclosure.run(sql, () => this.#raw.perform(step.send, method, args));
    if (control.is === 'rollback' || control.is === 'rollback-to')
      this.#deferredKeys.schemaChanged();
    this.#deferredKeys.follow(control, this.#state, step);
    this.#state = step.next;
    if (step.commits) this.#enclosure.noteCommit();
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
    const takenBefore = this.#enclosure.taken;
    this.#raw.run(`SAVEPOINT ${AUTOCOMMIT}`);
    this.#deferredKeys.begin();
    let result: T | undefined;
    try {
      return (result = this.#writing(sql, run));
    } finally {
      // Also after an error: OR FAIL keeps, and commits, the rows before it.
      if (this.#raw.inTransaction && this.#enclosure.taken === takenBefore)
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
        this.#enclosure.assertIntact();
        try {
          return rows.next();
        } catch (error) {
          throw endedByRollback(error) ? this.#refusals.readingOn(error) : error;
        }
      },
      return: () => rows.return?.() ?? { done: true, value: undefined },
    };
  }

  /** The same for a statement whose rows are read one by one: SQLite commits after the last. */
  #iterating(sql: string, run: () => IterableIterator<unknown>): Rows {
    const couldLose = this.#enclosure.hasCommitted;
    const takenBefore = this.#enclosure.taken;
    let isToCommit = this.#mustCheckKeys();
    if (isToCommit) {
      this.#raw.run(`SAVEPOINT ${AUTOCOMMIT}`);
      this.#deferredKeys.begin();
    }
    const finish = (isSilent: boolean): void => {
      const isIntact = this.#raw.inTransaction && this.#enclosure.taken === takenBefore;
      const commits = isToCommit && isIntact;
      isToCommit = false;
      if (commits) this.#commitStatement(isSilent);
      else if (this.#state.is === 'open') this.#deferredKeys.ran(sql);
    };
    const rows = this.#writing(sql, run);
    return {
      next: () => {
        let result: IteratorResult<unknown> | undefined;
        this.#enclosure.assertIntact();
        try {
          return (result = this.#enclosure.run(sql, () => rows.next(), couldLose));
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

  /**
   * No transaction ends before the test does, and each keeps what was read in it attached, by the app or
   * by the sandbox in search of foreign keys.
   */
  #detaching<T>(run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (!/database .* is locked/.test((cause as Error).message)) throw cause;
      throw this.#refusals.detach(cause);
    }
  }

  /** A statement outside of a transaction of the app is committed, as the app sees it. */
  #noteCommit(): void {
    if (this.#state.is === 'idle') this.#enclosure.noteCommit();
  }

  /** @param isSeveral whether there is more than one statement in it */
  #writing<T>(sql: string, run: () => T, isSeveral = false): T {
    if (isSeveral) this.#noteCommit();
    const couldLose = this.#enclosure.hasCommitted;
    this.#noteCommit();
    return this.#enclosure.run(sql, run, couldLose);
  }

  /** A failing statement took everything with it, the app's transaction too. */
  #beginAnew(): void {
    this.#state = { is: 'idle' };
    this.#deferredKeys.schemaChanged();
    this.#deferredKeys.end();
  }
}

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
