/** Everything a database holds, as text that can be compared: every table's rows, and the catalogs. */
import type pg from 'pg';

/** Catalogs without columns that the server's own upkeep changes, and without rows of other databases. */
const CATALOGS: Record<string, string> = {
  pg_class: `(SELECT oid, relname, relnamespace, reltype, relowner, relfilenode, relkind, relpersistence, relacl, reloptions FROM pg_class)`,
  pg_attribute: `(SELECT attrelid, attname, atttypid, attnum, attnotnull, atthasdef, attisdropped FROM pg_attribute)`,
  pg_constraint: 'pg_constraint',
  pg_db_role_setting: `(SELECT * FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    OR (setdatabase = 0 AND setrole = current_user::regrole))`,
  pg_enum: 'pg_enum',
  pg_namespace: 'pg_namespace',
  pg_prepared_xacts: '(SELECT * FROM pg_prepared_xacts WHERE database = current_database())',
  pg_proc: 'pg_proc',
  pg_rewrite: 'pg_rewrite',
  pg_trigger: 'pg_trigger',
  pg_type: 'pg_type',
};

const TABLES = `SELECT oid::regclass::text AS name FROM pg_class
  WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'`;

/** One line for each table and catalog, ordered by name. */
export async function databaseImage(pool: pg.Pool): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(TABLES);
  const sources = { ...CATALOGS, ...Object.fromEntries(tables.map(({ name }) => [name, name])) };
  const images = Object.entries(sources).map(
    ([name, source]) =>
      `SELECT ${literal(name)} || ' ' || coalesce(md5(string_agg(line, chr(10) ORDER BY line)), 'empty') AS image
       FROM (SELECT row_to_json(source)::text AS line FROM ${source} AS source) AS lines`,
  );
  const { rows } = await pool.query<{ image: string }>(images.join('\nUNION ALL\n'));
  return rows.map(({ image }) => image).sort();
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
