/** Drizzle: the migrator of `drizzle-orm/node-postgres` on what `drizzle-kit generate` wrote. */
import { load, type Library } from '../library.ts';

interface Drizzle {
  readonly drizzle: (client: object) => object;
}
interface Migrator {
  readonly migrate: (db: object, config: object) => Promise<void>;
}

export const drizzle: Library = {
  nameOf: (file) => /^([^/]+)\.sql$/.exec(file)?.[1],
  // What drizzle-kit compares the next schema with.
  ignores: /(^|\/)[^/]*snapshot\.json$/,
  run: async ({ client, directory, options, begins }) => {
    const [library, migrator] = await Promise.all([
      load<Drizzle>('drizzle-orm/node-postgres'),
      load<Migrator>('drizzle-orm/node-postgres/migrator'),
    ]);
    begins('migrations of Drizzle');
    await migrator.migrate(library.drizzle(client), { migrationsFolder: directory, ...options });
  },
};
