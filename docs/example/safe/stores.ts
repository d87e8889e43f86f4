/** Every store the app can run on, opened for one test. A suite written over this table runs on all. */
import type { TestContext } from 'node:test';
import { postgresStore } from '../src/postgres-store.ts';
import { sqliteStore } from '../src/sqlite-store.ts';
import type { Store } from '../src/store.ts';
import { db, file } from './databases.ts';

export const stores: Record<string, (t: TestContext) => Promise<Store>> = {
  PostgreSQL: async (t) => postgresStore(await db.rollback(t)),
  SQLite: async (t) => sqliteStore(await file.rollback(t)),
};
