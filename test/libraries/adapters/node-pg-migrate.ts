/** node-pg-migrate: it connects a client by itself, or is given one of the app's pool. */
import { fileURLToPath } from 'node:url';
import { PG_MIGRATE_LOCK_ID, runner, type RunnerOption } from 'node-pg-migrate';
import pg from 'pg';
import type { Open } from '../library.ts';
import type { Migrations } from '../migrations.ts';

type Connection = { readonly databaseUrl: string } | { readonly dbClient: pg.PoolClient };

export const open: Open<Migrations> = (databaseUrl) =>
  migrationsOf(databaseUrl, (_, run) => run({ databaseUrl }));

export const openWithClient: Open<Migrations> = (databaseUrl) =>
  migrationsOf(databaseUrl, async (pool, run) => {
    const dbClient = await pool.connect();
    try {
      const ran = await run({ dbClient });
      dbClient.release();
      return ran;
    } catch (error) {
      // It may be in the transaction of the migration that failed.
      dbClient.release(true);
      throw error;
    }
  });

type Connect = <T>(pool: pg.Pool, run: (connection: Connection) => Promise<T>) => Promise<T>;

function migrationsOf(connectionString: string, connect: Connect): Migrations {
  const pool = new pg.Pool({ connectionString });
  return {
    pool,
    lock: PG_MIGRATE_LOCK_ID,
    migrate: (folder, direction = 'up') =>
      connect(pool, async (connection) => {
        const options: RunnerOption = {
          ...connection,
          dir: fileURLToPath(new URL(`../fixtures/${folder}`, import.meta.url)),
          direction,
          migrationsTable: 'pgmigrations',
          log: () => undefined,
        };
        const ran = await runner(options);
        return ran.map(({ name }) => name);
      }),
    close: () => pool.end(),
  };
}
