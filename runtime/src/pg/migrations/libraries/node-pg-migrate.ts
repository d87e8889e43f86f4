/** node-pg-migrate: its `runner`, up to the last migration, over the connection it is given. */
import { AtMigration, load, scriptName, type Library } from '../library.ts';

interface Runner {
  readonly runner: (options: object) => Promise<unknown>;
}

export const nodePgMigrate: Library = {
  nameOf: (file) => scriptName(file) ?? /^([^/]+?)(\.up)?(?<!\.down)\.sql$/.exec(file)?.[1],
  run: async ({ client, directory, options, begins }) => {
    const { runner } = await load<Runner>('node-pg-migrate');
    let current: string | undefined;
    const info = (said: unknown) => {
      const name = /### MIGRATION (.+?) \(UP\) ###/.exec(String(said))?.[1];
      if (name === undefined) return;
      current = name;
      begins(name);
    };
    const silent = () => undefined;
    try {
      await runner({
        dir: directory,
        migrationsTable: 'pgmigrations',
        // Nobody else is here.
        noLock: true,
        ...options,
        dbClient: client,
        direction: 'up',
        logger: { info, debug: silent, warn: silent, error: silent },
      });
    } catch (error) {
      throw new AtMigration(current, error);
    }
  },
};
