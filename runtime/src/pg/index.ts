/** savepoint/pg: PostgreSQL sandboxes for node:test. */
import pg from 'pg';
import { watchRawConnections } from '../watch/raw-connections.ts';
import { connectedSandboxes } from './lock-waits.ts';
import { isOwn } from './own-pools.ts';

export { postgres } from './fixture.ts';
export type { PostgresFixture, RollbackOptions } from './fixture.ts';
export type { Isolation, PostgresOptions } from './fixture-options.ts';
export type { LibraryOptions, Migrate, MigrateFunction } from './migrations.ts';
export type { LibraryName } from './migrations/libraries.ts';
export { prune } from './prune.ts';
export type { PruneOptions, PruneResult } from './prune.ts';
export { rollbackEach } from './rollback-each.ts';
export type { RollbackEachOptions } from './rollback-each.ts';

watchRawConnections(pg.Client, isOwn, connectedSandboxes);
