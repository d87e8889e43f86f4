/**
 * From what the user declared to a pool that is connected to the right database: one pool for the
 * whole process, ended last. Decides which server, and whether a database is made on it.
 */
import pg from 'pg';
import { APPLICATION_NAME } from './application-name.ts';
import { withConnection, withDatabase } from './connect.ts';
import { embeddedServer } from './embedded/embedded-server.ts';
import type { PostgresOptions } from './fixture-options.ts';
import { readMigrations, type Origin } from './migrations.ts';
import { markOwn } from './own-pools.ts';
import { ScatteredSequences } from './scattered-sequences.ts';
import {
  migratedTemplate,
  namedTemplate,
  type MigratedTemplate,
  type Template,
} from './template.ts';
import { assertTestDatabase } from './test-database.ts';
import { TestClones } from './test-clones.ts';

/** The database that rollback tests share. */
export interface SharedDatabase {
  readonly connectionString: string;
  /** The real pool of this process. */
  readonly pool: pg.Pool;
  /** Set when sequences were moved. */
  readonly sequences: ScatteredSequences | undefined;
}

export const DEFAULT_MAX = 10;

/** What a declaration leads to; each part is made when it is first asked for. */
export class OpenDatabase {
  readonly #options: PostgresOptions;
  readonly #origin: Origin;
  #template: Promise<MigratedTemplate> | undefined;
  #shared: Promise<SharedDatabase> | undefined;
  #clones: Promise<TestClones> | undefined;

  /** @param origin where the user declared the database */
  constructor(options: PostgresOptions, origin: Origin) {
    this.#options = options;
    this.#origin = origin;
  }

  shared(): Promise<SharedDatabase> {
    return (this.#shared ??= this.#openShared());
  }

  clones(): Promise<TestClones> {
    return (this.#clones ??= this.#openClones());
  }

  async #openShared(): Promise<SharedDatabase> {
    const connectionString = await this.#findShared();
    const pool = markOwn(
      new pg.Pool({
        connectionString,
        fallback_application_name: APPLICATION_NAME,
        max: this.#options.max ?? DEFAULT_MAX,
        allowExitOnIdle: true,
      }),
    );
    // A server that ends takes idle connections with it. The next test that connects hears of it.
    pool.on('error', () => undefined);
    whenProcessEnds(() => pool.end());
    const sequences = this.#options.sequences && (await ScatteredSequences.scatter(pool));
    return { connectionString, pool, sequences };
  }

  async #openClones(): Promise<TestClones> {
    const { connectionString, migrate, allowDatabase, max, keepFailed } = this.#options;
    let template: Template;
    if (connectionString && migrate === undefined) {
      assertTestDatabase({ connectionString }, allowDatabase);
      template = await namedTemplate(connectionString);
      whenProcessEnds(() => template.release());
    } else {
      template = await this.#migrated();
    }
    const clones = new TestClones(template, {
      max: max ?? DEFAULT_MAX,
      keepFailed: keepFailed ?? process.env.SAVEPOINT_KEEP_FAILED === '1',
    });
    whenProcessEnds(() => clones.close());
    return clones;
  }

  async #findShared(): Promise<string> {
    const { connectionString, migrate, allowDatabase } = this.#options;
    if (!connectionString || migrate !== undefined) return (await this.#migrated()).shared();
    assertTestDatabase({ connectionString }, allowDatabase);
    await withConnection(connectionString, () => Promise.resolve());
    return connectionString;
  }

  #migrated(): Promise<MigratedTemplate> {
    return (this.#template ??= this.#migrate());
  }

  async #migrate(): Promise<MigratedTemplate> {
    const { connectionString, migrate = '' } = this.#options;
    // Read first: what is wrong with them is said without waiting for a server.
    const migrations = await readMigrations(migrate, this.#origin);
    const template = await migratedTemplate(connectionString || (await embedded()), migrations);
    whenProcessEnds(() => template.release());
    return template;
  }
}

async function embedded(): Promise<string> {
  const { user, password, host, port } = await embeddedServer();
  return withDatabase(`postgres://${user}:${password}@${host}:${String(port)}`, user);
}

/** What is to be ended, in the order of opening. */
const endings: (() => Promise<void>)[] = [];

/** Ends something when nothing keeps the process alive any more; what was opened last first. */
function whenProcessEnds(end: () => Promise<void>): void {
  if (endings.length === 0) process.once('beforeExit', () => void endAll());
  endings.push(end);
}

async function endAll(): Promise<void> {
  for (let end = endings.pop(); end; end = endings.pop()) await end().catch(() => undefined);
}
