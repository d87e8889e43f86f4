/** Knex: `migrate.latest` of a Knex of its own on the database. */
import { AtMigration, load, scriptName, type Library } from '../library.ts';

interface Knex {
  readonly migrate: { latest(config: object): Promise<unknown> };
  destroy(): Promise<void>;
}

export const knex: Library = {
  nameOf: scriptName,
  run: async ({ connectionString, directory, options, begins }) => {
    const { default: create } = await load<{ default: (config: object) => Knex }>('knex');
    let failed: string | undefined;
    // Knex says in its log, and nowhere else, which file it was.
    const hear = (said: unknown) => {
      failed ??= /migration file "(.+?)" failed/.exec(String(said))?.[1];
    };
    const log = { warn: hear, error: hear, deprecate: hear, debug: hear };
    const db = create({ client: 'pg', connection: connectionString, asyncStackTraces: true, log });
    try {
      await db.migrate.latest({
        directory,
        // Knex leaves out `.mjs` where nobody says otherwise.
        loadExtensions: ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'],
        ...options,
        lifecycleHooks: {
          beforeAll: (_: unknown, migrations: readonly unknown[]) => {
            begins(`${String(migrations.length)} migrations of Knex`);
          },
        },
      });
    } catch (error) {
      throw new AtMigration(failed, error);
    } finally {
      await db.destroy();
    }
  },
};
