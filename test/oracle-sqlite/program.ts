/** A program that an app might be: what it asks of a handle, step by step. As data, so that it can be made smaller. */
import { outcome, rowsOf, type AnyHandle } from '../runtime/sqlite/drivers.ts';
import { call, type CallName } from './calls.ts';

/** How a statement is sent. */
export const WAYS = ['exec', 'run', 'get', 'all', 'iterate'] as const;
type Way = (typeof WAYS)[number];

export type Step =
  | { readonly is: 'sql'; readonly sql: string; readonly way: Way }
  /** The same statement, prepared at the first such step and used again. */
  | { readonly is: 'kept'; readonly sql: string }
  /** Reads some rows, does something, reads on. */
  | { readonly is: 'amid'; readonly rows: string; readonly sql: string }
  /** A transaction function, where the driver has such. */
  | { readonly is: 'function'; readonly variant: string; readonly statements: readonly string[] }
  | { readonly is: 'call'; readonly name: CallName };

export type Program = readonly Step[];

/** Runs a program step by step. */
export class Runner {
  readonly #db: AnyHandle;
  /** What a driver does when it collects a statement is nobody's to foresee. */
  readonly #alive: unknown[] = [];
  readonly #kept = new Map<string, ReturnType<AnyHandle['prepare']>>();

  constructor(db: AnyHandle) {
    this.#db = db;
  }

  /** What the app sees of a step. */
  step(step: Step): unknown {
    return outcome(() => this.#run(step));
  }

  #run(step: Step): unknown {
    switch (step.is) {
      case 'sql':
        return this.#send(step.sql, step.way);
      case 'kept':
        return this.#keptStatement(step.sql).run();
      case 'amid':
        return this.#amid(step.rows, step.sql);
      case 'function':
        return this.#transaction(step.variant, step.statements);
      case 'call':
        return call(step.name, this.#db);
    }
  }

  #send(sql: string, way: Way): unknown {
    switch (way) {
      case 'exec':
        this.#db.exec(sql);
        return undefined;
      case 'iterate':
        return [...this.#prepare(sql).iterate()];
      case 'run':
      case 'get':
      case 'all':
        return this.#prepare(sql)[way]();
    }
  }

  #prepare(sql: string): ReturnType<AnyHandle['prepare']> {
    const statement = this.#db.prepare(sql);
    this.#alive.push(statement);
    return statement;
  }

  #keptStatement(sql: string): ReturnType<AnyHandle['prepare']> {
    let statement = this.#kept.get(sql);
    if (!statement) this.#kept.set(sql, (statement = this.#prepare(sql)));
    return statement;
  }

  #amid(rows: string, sql: string): unknown {
    const seen: unknown[] = [];
    for (const row of this.#prepare(rows).iterate()) {
      seen.push(
        row,
        outcome(() => this.#send(sql, 'exec')),
      );
      if (seen.length >= 4) break;
    }
    return seen;
  }

  #transaction(variant: string, statements: readonly string[]): unknown {
    const { transaction } = this.#db as {
      transaction?: (work: () => unknown) => Record<string, () => unknown>;
    };
    const work = (): string => {
      for (const sql of statements) this.#db.exec(sql);
      return 'done';
    };
    return transaction?.call(this.#db, work)[variant]?.();
  }
}

const TABLES = [
  'parent',
  'child',
  'strict_child',
  'counted',
  'fragile',
  'extra',
  'sqlite_sequence',
];

/** Everything that can be asked of a database between two steps. */
export function observe(db: AnyHandle): unknown {
  const ask = (sql: string) => outcome(() => rowsOf(db, sql));
  return [
    ...TABLES.map((table) => ask(`SELECT rowid, * FROM ${table}`)),
    ask(
      "SELECT type, name, sql FROM sqlite_schema WHERE name <> 'savepoint_migrations' ORDER BY name",
    ),
    ask("SELECT name FROM pragma_database_list WHERE name <> 'temp'"),
    ...['user_version', 'recursive_triggers', 'cache_size'].map((name) => ask(`PRAGMA ${name}`)),
  ];
}

export function formatProgram(program: Program): string {
  return program.map((step, index) => `${String(index + 1)}. ${JSON.stringify(step)}`).join('\n');
}
