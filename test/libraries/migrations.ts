/** What tests do with node-pg-migrate: migrations up and down, one that fails, one that is locked out. */
import type pg from 'pg';
import type { Subject } from './library.ts';
import { outcome } from './outcome.ts';
import type { Programme } from './programme.ts';

export interface Migrations extends Subject {
  readonly pool: pg.Pool;
  /** @returns the names of the migrations that ran */
  readonly migrate: (
    folder: 'migrations' | 'failing' | 'concurrently',
    direction?: 'up' | 'down',
  ) => Promise<string[]>;
  /** The key of the lock that migrations run under. */
  readonly lock: number;
}

export const MIGRATIONS: Programme<Migrations> = {
  reset: 'DROP TABLE IF EXISTS members, pgmigrations',
  rows: [
    {
      title: 'migrations go up, once',
      run: async ({ migrate, pool }) => {
        const ran = [await migrate('migrations'), await migrate('migrations')];
        return [ran, await tableIn(pool)];
      },
    },
    {
      title: 'a migration goes down again',
      run: async ({ migrate, pool }) => {
        await migrate('migrations');
        return [await migrate('migrations', 'down'), await tableIn(pool)];
      },
    },
    {
      title: 'a migration that fails',
      run: async ({ migrate, pool }) => [
        await outcome(() => migrate('failing')),
        await outcome(() => tableIn(pool)),
        await migrate('migrations'),
      ],
    },
    {
      title: 'a migration outside of a transaction',
      refused: 'no-non-transactional-ddl',
      run: ({ migrate }) => outcome(() => migrate('concurrently')),
    },
    {
      title: 'a migration while somebody else migrates',
      run: async ({ migrate, pool, lock }) => {
        const other = await pool.connect();
        await other.query(`SELECT pg_advisory_lock(${lock})`);
        const lockedOut = await outcome(() => migrate('migrations'));
        await other.query(`SELECT pg_advisory_unlock(${lock})`);
        other.release();
        return [lockedOut, await migrate('migrations')];
      },
    },
  ],
};

async function tableIn(pool: pg.Pool): Promise<unknown> {
  const { rows } = await pool.query('SELECT * FROM members');
  return rows;
}
