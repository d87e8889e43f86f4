/** What is measured, and how one of those who are measured looks. */
import type { TestContext } from 'node:test';

/** Anything a test body can ask. */
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>;
}

export type Body = (db: Database) => Promise<void>;

/** One way to isolate a test, or to send a statement. */
export interface Contender {
  /** Whether the tests of a round run at the same time instead of one after another. */
  readonly atOnce?: boolean;
  /** Whether the database must be empty again after each round. */
  readonly isolates: boolean;
  setup(url: string): void | Promise<void>;
  /** Runs a body the way this contender runs a test. @param t the context of the test, if there is one */
  run(body: Body, t?: TestContext): Promise<void>;
  /** Untimed, after each round. */
  afterRound?(): Promise<void>;
  teardown(): void | Promise<void>;
}

export const TABLES = Array.from(
  { length: 20 },
  (_, index) => `t${String(index + 1).padStart(2, '0')}`,
);

/** Twenty tables that refer to one another, as a small app has them. */
export const SCHEMA = TABLES.map((table, index) => {
  const before = TABLES[index - 1];
  const reference = before === undefined ? '' : ` references ${before}`;
  return (
    `create table ${table} (id bigint generated always as identity primary key, name text not null, ` +
    `n int not null default 0, ref bigint${reference}); create index on ${table} (ref);`
  );
}).join('\n');

let sequence = 0;

/** A test of three queries that checks what it sees. */
export async function threeQueries(db: Database): Promise<void> {
  const n = ++sequence;
  const made = await db.query('insert into t01 (name, n) values ($1, $2) returning id', [
    `row ${String(n)}`,
    n,
  ]);
  const { id } = made.rows[0] as { id: string };
  const found = await db.query('select id, name, n from t01 where id = $1', [id]);
  const updated = await db.query('update t01 set n = n + 1 where id = $1', [id]);
  if ((found.rows[0] as { n: number }).n !== n || updated.rowCount !== 1)
    throw new Error('the test saw wrong data');
}

export async function oneSelect(db: Database): Promise<void> {
  await db.query('select $1::int', [++sequence]);
}

export async function oneInsert(db: Database): Promise<void> {
  await db.query('insert into t01 (name, n) values ($1, $2)', ['row', ++sequence]);
}

export const BODIES = { threeQueries, oneSelect, oneInsert };
