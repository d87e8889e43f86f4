/**
 * Umzug: `up` of an Umzug with the scripts of the directory, which are given the connection as their
 * context. What ran is remembered nowhere: the database was empty before.
 */
import { AtMigration, load, scriptName, type Library } from '../library.ts';

interface Umzug {
  readonly Umzug: new (options: object) => { up(): Promise<unknown> };
}

interface Told {
  readonly event?: unknown;
  readonly name?: unknown;
}

export const umzug: Library = {
  nameOf: scriptName,
  run: async ({ client, directory, options, begins }) => {
    const library = await load<Umzug>('umzug');
    let current: string | undefined;
    const info = ({ event, name }: Told) => {
      if (event !== 'migrating') return;
      current = String(name);
      begins(current);
    };
    const silent = () => undefined;
    const migrator = new library.Umzug({
      migrations: { glob: ['*.{js,cjs,mjs,ts,cts,mts}', { cwd: directory, ignore: '*.d.*ts' }] },
      context: client,
      storage: inMemory(),
      ...options,
      logger: { info, debug: silent, warn: silent, error: silent },
    });
    try {
      await migrator.up();
    } catch (error) {
      // Its own words only repeat those of the cause.
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      throw new AtMigration(current, cause);
    }
  },
};

function inMemory(): object {
  const ran: string[] = [];
  return {
    logMigration: async ({ name }: { readonly name: string }) => void ran.push(name),
    unlogMigration: async ({ name }: { readonly name: string }) => {
      ran.splice(ran.indexOf(name), 1);
    },
    executed: async () => ran,
  };
}
