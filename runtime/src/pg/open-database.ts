/**
 * From what the user declared to a pool that is connected to the right database: one pool for the
 * whole process, ended last. Decides which server, and whether a database is made on it.
 */
import pg from 'pg';
import type { Trace } from '../trace.ts';
import { APPLICATION_NAME } from './application-name.ts';
import { withConnection, withDatabase } from './connect.ts';
import { embeddedServer } from './embedded/embedded-server.ts';
import type { PostgresOptions } from './fixture-options.ts';
import { readMigrations } from './migrations.ts';
import { markOwn } from './own-pools.ts';
import { ScatteredSequences } from './scattered-sequences.ts';
import { prepareDatabase, type PreparedDatabase } from './template.ts';
import { assertTestDatabase } from './test-database.ts';

export interface OpenDatabase {
  readonly connectionString: string;
  /** The real pool of this process. */
  readonly pool: pg.Pool;
  /** Set when sequences were moved. */
  readonly sequences: ScatteredSequences | undefined;
}

const DEFAULT_MAX = 10;

/** @param declared where the user declared the database */
export async function openDatabase(
  options: PostgresOptions,
  declared: Trace,
): Promise<OpenDatabase> {
  const { connectionString, release } = await findDatabase(options, declared);
  const pool = markOwn(
    new pg.Pool({
      connectionString,
      fallback_application_name: APPLICATION_NAME,
      max: options.max ?? DEFAULT_MAX,
      allowExitOnIdle: true,
    }),
  );
  // A server that ends takes idle connections with it. The next test that connects hears of it.
  pool.on('error', () => undefined);
  // Nothing waits for this: idle connections keep no process alive, and the kernel closes what is left.
  process.once('beforeExit', () => void pool.end().then(release));
  const sequences = options.sequences && (await ScatteredSequences.scatter(pool));
  return { connectionString, pool, sequences };
}

async function findDatabase(options: PostgresOptions, declared: Trace): Promise<PreparedDatabase> {
  const { connectionString, migrate, allowDatabase } = options;
  if (!connectionString) {
    return prepareDatabase(await embedded(), await readMigrations(migrate ?? '', declared));
  }
  if (migrate !== undefined) {
    return prepareDatabase(connectionString, await readMigrations(migrate, declared));
  }
  assertTestDatabase({ connectionString }, allowDatabase);
  await withConnection(connectionString, () => Promise.resolve());
  return { connectionString, release: () => Promise.resolve() };
}

async function embedded(): Promise<string> {
  const { user, password, host, port } = await embeddedServer();
  return withDatabase(`postgres://${user}:${password}@${host}:${String(port)}`, user);
}
