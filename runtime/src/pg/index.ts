/** savepoint/pg: PostgreSQL sandboxes for node:test. */
export { postgres } from './fixture.ts';
export type { PostgresFixture } from './fixture.ts';
export type { PostgresOptions } from './fixture-options.ts';
export type { Migrate, MigrateFunction } from './migrations.ts';
export { rollbackEach } from './rollback-each.ts';
export type { RollbackEachOptions } from './rollback-each.ts';
