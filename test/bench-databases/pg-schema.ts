/** Migrations as an app has them after some years, and a template made of them by hand. */

const TABLES = 60;

/** One migration for each table, and two that come later and change it. */
export const MIGRATIONS: readonly string[] = [
  ...each(
    (table, before) =>
      `create table ${table} (id bigint generated always as identity primary key, name text not null, ` +
      `n int not null default 0, ref bigint${before ? ` references ${before}` : ''}, made timestamptz not null default now()); ` +
      `create index on ${table} (ref); create index on ${table} (name);`,
  ),
  ...each(
    (table) =>
      `alter table ${table} add column state text not null default 'new' check (state <> '');`,
  ),
  ...each(
    (table) =>
      `insert into ${table} (name) select 'row ' || i from generate_series(1, 200) as i; ` +
      `create unique index on ${table} (lower(name), id);`,
  ),
];

function each(migration: (table: string, before: string | undefined) => string): string[] {
  const tables = Array.from({ length: TABLES }, (_, index) => `t${String(index + 1)}`);
  return tables.map((table, index) => migration(table, tables[index - 1]));
}
