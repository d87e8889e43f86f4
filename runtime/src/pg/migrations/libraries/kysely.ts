/** Kysely: its `Migrator` with a `FileMigrationProvider`. */
import fs from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { markOwn } from '../../own-pools.ts';
import { AtMigration, load, scriptName, type Library } from '../library.ts';

interface Outcome {
  readonly error?: unknown;
  readonly results?: readonly { readonly migrationName: string; readonly status: string }[];
}

interface Kysely {
  readonly Kysely: new (config: object) => { destroy(): Promise<void> };
  readonly PostgresDialect: new (config: object) => object;
  readonly Migrator: new (config: object) => { migrateToLatest(): Promise<Outcome> };
  readonly FileMigrationProvider: new (config: object) => object;
}

export const kysely: Library = {
  nameOf: scriptName,
  run: async ({ connectionString, directory, options, begins }) => {
    const library = await load<Kysely>('kysely');
    const pool = markOwn(new pg.Pool({ connectionString, max: 1 }));
    const db = new library.Kysely({ dialect: new library.PostgresDialect({ pool }) });
    try {
      begins('migrations of Kysely');
      const provider = new library.FileMigrationProvider({ fs, path, migrationFolder: directory });
      const migrator = new library.Migrator({ db, provider, ...options });
      const { error, results = [] } = await migrator.migrateToLatest();
      if (error === undefined) return;
      const failed = results.find(({ status }) => status === 'Error')?.migrationName;
      throw new AtMigration(failed, error);
    } finally {
      await db.destroy();
    }
  },
};
