/** The libraries and how their apps are captured. Each is loaded only where it is run. */
import type { Open, Way } from './library.ts';

interface Library {
  /** The ways that capture it without a change to the app. */
  readonly ways: readonly Way[];
  readonly load: () => Promise<Open>;
  /** Whether it says something of its own when BEGIN fails, whatever the server said. */
  readonly hidesFailedBegin?: true;
}

/** A pool that the app holds, or that the library shows. */
const WITH_POOL: readonly Way[] = ['rollbackEach', 'preload'];
/** A pool that nobody sees. */
const WITHOUT_POOL: readonly Way[] = ['preload'];

export const LIBRARIES: Readonly<Record<string, Library>> = {
  drizzle: { ways: WITH_POOL, load: async () => (await import('./adapters/drizzle.ts')).open },
  knex: { ways: WITHOUT_POOL, load: async () => (await import('./adapters/knex.ts')).open },
  'knex over pg.Pool': {
    ways: WITH_POOL,
    load: async () => (await import('./adapters/knex.ts')).openOverPool,
  },
  kysely: { ways: WITH_POOL, load: async () => (await import('./adapters/kysely.ts')).open },
  'mikro-orm': {
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/mikro-orm.ts')).open,
    hidesFailedBegin: true,
  },
  pg: { ways: WITH_POOL, load: async () => (await import('./adapters/pg.ts')).open },
  'pg-promise': {
    ways: WITH_POOL,
    load: async () => (await import('./adapters/pg-promise.ts')).open,
  },
  prisma: { ways: WITHOUT_POOL, load: async () => (await import('./adapters/prisma.ts')).open },
  'prisma over pg.Pool': {
    ways: WITH_POOL,
    load: async () => (await import('./adapters/prisma.ts')).openOverPool,
  },
  sequelize: {
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/sequelize.ts')).open,
  },
  slonik: { ways: WITHOUT_POOL, load: async () => (await import('./adapters/slonik.ts')).open },
  typeorm: { ways: WITH_POOL, load: async () => (await import('./adapters/typeorm.ts')).open },
};
