/** The libraries and how their apps are captured. Each is loaded only where it is run. */
import type { Open, Subject, Way } from './library.ts';
import { MIGRATIONS } from './migrations.ts';
import { TRANSACTIONS, type Programme } from './programme.ts';

export interface Library {
  readonly programme: Programme<never>;
  /** The ways that capture it without a change to the app. */
  readonly ways: readonly Way[];
  readonly load: () => Promise<Open<Subject>>;
  /** Whether it says something of its own when BEGIN fails, whatever the server said. */
  readonly hidesFailedBegin?: true;
  /**
   * The lines that cannot be told: it asks later than it is called, in a thenable or a queue, and V8
   * keeps no stack over that.
   */
  readonly losesLineOf?: 'BEGIN' | 'statement';
}

/** A pool that the app holds, or that the library shows. */
const WITH_POOL: readonly Way[] = ['rollbackEach', 'preload'];
/** A pool that nobody sees. */
const WITHOUT_POOL: readonly Way[] = ['preload'];

export const LIBRARIES: Readonly<Record<string, Library>> = {
  drizzle: {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    losesLineOf: 'statement',
    load: async () => (await import('./adapters/drizzle.ts')).open,
  },
  knex: {
    programme: TRANSACTIONS,
    ways: WITHOUT_POOL,
    losesLineOf: 'statement',
    load: async () => (await import('./adapters/knex.ts')).open,
  },
  'knex over pg.Pool': {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    losesLineOf: 'statement',
    load: async () => (await import('./adapters/knex.ts')).openOverPool,
  },
  kysely: {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/kysely.ts')).open,
  },
  'mikro-orm': {
    programme: TRANSACTIONS,
    ways: WITHOUT_POOL,
    losesLineOf: 'BEGIN',
    load: async () => (await import('./adapters/mikro-orm.ts')).open,
    hidesFailedBegin: true,
  },
  'node-pg-migrate': {
    programme: MIGRATIONS,
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/node-pg-migrate.ts')).open,
  },
  'node-pg-migrate with a client': {
    programme: MIGRATIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/node-pg-migrate.ts')).openWithClient,
  },
  pg: {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/pg.ts')).open,
  },
  'pg-promise': {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/pg-promise.ts')).open,
  },
  prisma: {
    programme: TRANSACTIONS,
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/prisma.ts')).open,
  },
  'prisma over pg.Pool': {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/prisma.ts')).openOverPool,
  },
  sequelize: {
    programme: TRANSACTIONS,
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/sequelize.ts')).open,
  },
  slonik: {
    programme: TRANSACTIONS,
    ways: WITHOUT_POOL,
    load: async () => (await import('./adapters/slonik.ts')).open,
  },
  typeorm: {
    programme: TRANSACTIONS,
    ways: WITH_POOL,
    load: async () => (await import('./adapters/typeorm.ts')).open,
  },
};
