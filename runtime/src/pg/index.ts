/** savepoint/pg: PostgreSQL sandboxes for node:test. */
import pg from 'pg';
import { watchRawConnections } from '../watch/raw-connections.ts';
import { connectedSandboxes } from './lock-waits.ts';
import { isOwn } from './own-pools.ts';

export { postgres } from './fixture.ts';
export type { PostgresFixture } from './fixture.ts';
export type { PostgresOptions } from './fixture-options.ts';
export type { Migrate, MigrateFunction } from './migrations.ts';
export { rollbackEach } from './rollback-each.ts';
export type { RollbackEachOptions } from './rollback-each.ts';

watchRawConnections(pg.Client, isOwn, connectedSandboxes);
