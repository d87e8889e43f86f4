/** savepoint/sqlite: SQLite databases whose tests leave nothing behind. */
export {
  sqlite,
  type BetterSqliteOptions,
  type NodeSqliteOptions,
  type SqliteDatabase,
  type SqliteOptions,
} from './database.ts';
export type { BetterHandle } from './better-sqlite3.ts';
export type { NodeSqliteHandle, NodeSqliteStatement } from './node-sqlite.ts';
export type { Migration, Pragmas } from './migrations.ts';
export { rollbackEach } from './rollback-each.ts';
