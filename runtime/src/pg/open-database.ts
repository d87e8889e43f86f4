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
import { OwnClient } from './own-client.ts';
import { markOwn } from './own-pools.ts';
import { budgetOn, overBudget, type Budget } from './pool-budget.ts';
import { ScatteredSequences } from './scattered-sequences.ts';
import {
  migratedTemplate,
  namedTemplate,
  type MigratedTemplate,
  type Template,
} from './template.ts';
import { assertTestDatabase } from './test-database.ts';
import { TestClones } from './test-clones.ts';
import { within } from './within.ts';

/** The database that rollback tests share. */
export interface SharedDatabase {
  readonly connectionString: string;
  /** A real connection of this process. */
  readonly connect: () => Promise<pg.PoolClient>;
  /** Set when sequences were moved. */
  readonly sequences: ScatteredSequences | undefined;
  /** How many connections this process may have; what was asked for beyond that is told. */
  readonly budget: () => Promise<Budget>;
}

/** The pool of this process on that database. */
interface Connecting {
  readonly pool: pg.Pool;
  /** Settles when its first connection is there, or cannot be had. */
  readonly first: Promise<void> | false;
}

/** Who drops a database waits for seconds until all have left it; a claim on it is answered sooner. */
const AHEAD_MILLIS = 200;
const DEFAULT_MAX = 10;
/** A test that wants a clone wants several connections. */
const FEWEST_FOR_CLONE = 2;
/** For the locks of this process, and for making and dropping clones. */
const OWN_CONNECTIONS = 3;

/** What a declaration leads to; each part is made when it is first asked for. */
export class OpenDatabase {
  readonly #options: PostgresOptions;
  readonly #origin: Origin;
  #template: Promise<MigratedTemplate> | undefined;
  #shared: Promise<SharedDatabase> | undefined;
  #clones: Promise<TestClones> | undefined;
  #ahead: Connecting | undefined;
  #told = false;

  /** @param origin where the user declared the database */
  constructor(options: PostgresOptions, origin: Origin) {
    this.#options = options;
    this.#origin = origin;
  }

  /** @param isAsked whether it is about to be asked something: then a connection is on its way at once */
  shared(isAsked: boolean): Promise<SharedDatabase> {
    return (this.#shared ??= this.#openShared(isAsked));
  }

  clones(): Promise<TestClones> {
    return (this.#clones ??= this.#openClones());
  }

  async #openShared(isAsked: boolean): Promise<SharedDatabase> {
    const finding = this.#findShared((likely) => {
      if (isAsked) this.#connectAhead(likely, finding);
    });
    const connectionString = await finding;
    const { pool, first } = this.#ahead ?? this.#connectTo(connectionString, isAsked);
    // Nobody waits for that: what the app has left checked out never comes back.
    whenProcessEnds(async () => void pool.end());
    if (this.#options.sequences) await first;
    const sequences = this.#options.sequences && (await ScatteredSequences.scatter(pool));
    return {
      connectionString,
      connect: async () => {
        await first;
        return pool.connect();
      },
      sequences,
      budget: async () => {
        const budget = await this.#askBudget(connectionString);
        this.#tellOverBudget(budget);
        return budget;
      },
    };
  }

  #connectTo(connectionString: string, isAsked: boolean): Connecting {
    const pool = markOwn(
      new pg.Pool({
        connectionString,
        Client: OwnClient,
        fallback_application_name: APPLICATION_NAME,
        max: this.#options.max ?? DEFAULT_MAX,
        allowExitOnIdle: true,
      }),
    );
    // A server that ends takes idle connections with it. The next test that connects hears of it.
    pool.on('error', () => undefined);
    // Should there be none, whoever needs one tries again, and hears why.
    const first = isAsked && pool.connect().then((client) => client.release(), ignore);
    return { pool, first };
  }

  /**
   * Connects to a database before it is known whether it is finished.
   * @param finding settles when that is known
   */
  #connectAhead(connectionString: string, finding: Promise<unknown>): void {
    const { pool } = (this.#ahead = this.#connectTo(connectionString, true));
    const leave = () => {
      this.#ahead = undefined;
      void pool.end();
    };
    within(AHEAD_MILLIS, finding.then(ignore)).then((isKnown) => {
      if (!isKnown) leave();
    }, leave);
  }

  async #openClones(): Promise<TestClones> {
    const {
      connectionString,
      migrate,
      allowDatabase,
      max = DEFAULT_MAX,
      keepFailed,
    } = this.#options;
    let template: Template;
    if (connectionString && migrate === undefined) {
      assertTestDatabase({ connectionString }, allowDatabase);
      template = await namedTemplate(connectionString);
      whenProcessEnds(() => template.release());
    } else {
      const migrated = await this.#migrated();
      migrated.prune();
      template = migrated;
    }
    const budget = await budgetOn(template.owner);
    const share = budget.connections - OWN_CONNECTIONS;
    if (share < FEWEST_FOR_CLONE)
      throw overBudget(
        `clones need ${String(FEWEST_FOR_CLONE + OWN_CONNECTIONS)} connections in each process`,
        budget,
      );
    this.#tellOverBudget(budget);
    const clones = new TestClones(template, {
      max: Math.min(max, share),
      atOnce: Math.floor(share / Math.min(max, share)),
      keepFailed: keepFailed ?? process.env.SAVEPOINT_KEEP_FAILED === '1',
    });
    whenProcessEnds(() => clones.close());
    return clones;
  }

  /** What was asked for by name and does not fit is told; what nobody asked for is less in silence. */
  #tellOverBudget(budget: Budget): void {
    const { max } = this.#options;
    if (max === undefined || max <= budget.connections || this.#told) return;
    this.#told = true;
    process.emitWarning(
      overBudget(`postgres({ max: ${String(max)} }) is more than each process can have`, budget),
    );
  }

  /** @param expect told early where it will be, if it is likely to be there */
  async #findShared(expect: (likely: string) => void): Promise<string> {
    const { connectionString, migrate, allowDatabase } = this.#options;
    if (!connectionString || migrate !== undefined) {
      const template = await this.#migrated(expect);
      const shared = await template.shared();
      template.prune();
      return shared;
    }
    assertTestDatabase({ connectionString }, allowDatabase);
    await withConnection(connectionString, () => Promise.resolve());
    return connectionString;
  }

  /** Over a connection that no test is using. */
  async #askBudget(connectionString: string): Promise<Budget> {
    const template = await this.#template;
    return template
      ? budgetOn(template.owner)
      : withConnection(connectionString, (client) => budgetOn(client));
  }

  #migrated(expect?: (shared: string) => void): Promise<MigratedTemplate> {
    return (this.#template ??= this.#migrate(expect));
  }

  async #migrate(expect?: (shared: string) => void): Promise<MigratedTemplate> {
    const { connectionString, migrate = '' } = this.#options;
    // A connection is on its way before they are read; what is wrong with them waits for no server.
    const migrations = Promise.resolve().then(() => readMigrations(migrate, this.#origin));
    const server = connectionString || (await Promise.all([embedded(), migrations]))[0];
    const template = await migratedTemplate(server, migrations, expect);
    whenProcessEnds(() => template.release());
    return template;
  }
}

function ignore(): void {
  // It is told elsewhere.
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
  // What is ended keeps no process alive by itself.
  const awake = setInterval(() => undefined, 2 ** 30);
  for (let end = endings.pop(); end; end = endings.pop()) {
    await within(
      ENDS_WITHIN_MILLIS,
      end().catch(() => undefined),
    );
  }
  clearInterval(awake);
}

/** Longer than the server waits for sessions to leave a database that is dropped. */
const ENDS_WITHIN_MILLIS = 10_000;

// Kept from before a test can mock the timers.
const { setInterval, clearInterval } = globalThis;
