/** savepoint/sqlite: SQLite databases whose tests leave nothing behind. */
export { sqlite, type SqliteDatabase, type SqliteOptions } from './database.ts';
export type { Migration, Pragmas } from './migrations.ts';
export { rollbackEach } from './rollback-each.ts';
