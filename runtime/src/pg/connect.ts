/** Connections that savepoint opens for itself, and what is said when one cannot be opened. */
import pg from 'pg';
import { SetupError } from '../setup-error.ts';
import { OwnClient } from './own-client.ts';
import { markOwn } from './own-pools.ts';
import { clientWith, describeTarget, targetOfClient } from './test-database.ts';

const CONNECT_WITHIN_MS = 10_000;
const KEEPALIVE_AFTER_MS = 10_000;

/**
 * One connection of savepoint's own.
 * @param options more of them
 * @throws SetupError `ERR_SAVEPOINT_CONNECT`, naming user, server and database, never the password
 */
export async function connect(
  connectionString: string,
  options: Pick<pg.ClientConfig, 'pipeline'> = {},
): Promise<pg.Client> {
  const client = markOwn(
    clientWith(
      {
        ...options,
        connectionString,
        connectionTimeoutMillis: CONNECT_WITHIN_MS,
        // A server that is gone, or has given this connection up, does not say so to whoever asks nothing.
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
        application_name: 'savepoint',
      },
      OwnClient,
    ),
  );
  // A connection that breaks is noticed by the next statement on it; an event alone ends the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw cannotConnect(client, error);
  }
  return client;
}

/** Does something over a connection of its own. */
export async function withConnection<T>(
  connectionString: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(connectionString);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Missing from the types of `pg`; its pool uses both for `allowExitOnIdle`. */
type Referable = pg.Client & { ref(): void; unref(): void };

/** Lets the process end although this connection is open; the server then closes it. */
export function unref(client: pg.Client): void {
  (client as Referable).unref();
}

/** Takes `unref` back. */
export function ref(client: pg.Client): void {
  (client as Referable).ref();
}

/** Ends a connection after `unref`. */
export async function endUnreferenced(client: pg.Client): Promise<void> {
  ref(client);
  await client.end();
}

/** The same server, another database. */
export function withDatabase(connectionString: string, database: string): string {
  return connectionString.replace(
    /^([a-z]+:\/\/[^/?#]*)(\/[^?#]*)?/,
    (_, server: string) => `${server}/${encodeURIComponent(database)}`,
  );
}

/** The SQLSTATE of a server's error, or the code of a system's. */
export function codeOf(error: unknown): string | undefined {
  const { code, errors } = Object(error) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors)
    ? errors.map(codeOf).find((inner) => inner !== undefined)
    : undefined;
}

function cannotConnect(client: pg.Client, error: unknown): SetupError {
  const target = targetOfClient(client);
  const server = `${target.host}:${String(target.port)}`;
  const said = error instanceof Error && error.message ? error.message : String(codeOf(error));
  return new SetupError(
    'ERR_SAVEPOINT_CONNECT',
    error instanceof pg.DatabaseError
      ? `PostgreSQL at ${server} refused ${describeTarget(target)}: ${said}${aboutPooler(said)}`
      : `No PostgreSQL answers at ${server} (${said}). Start it, or correct the connection string; ` +
          'without one, savepoint runs an embedded server.',
    { cause: error },
  );
}

/** PostgreSQL itself says it in other words. */
function aboutPooler(said: string): string {
  return said.startsWith('no such database')
    ? '. A pooler has to know every database, as pgbouncer does by a line "* = host=…"; or connect to the server itself.'
    : '';
}
