/** savepoint/pg: PostgreSQL sandboxes for node:test. */
export { rollbackEach } from './rollback-each.ts';
export type { RollbackEachOptions } from './rollback-each.ts';
