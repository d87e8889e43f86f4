/**
 * Questions to the server over a connection of the watch's own, where what it knows of itself is not
 * enough. What cannot be asked is left out of a report; nothing waits for it for long.
 */
import { anotherLike, type Client } from './pg-driver.ts';

/** How long the server may take, in milliseconds. */
const LIMIT = 2_000;

/** A session of the server's that is in somebody's way. */
export interface Session {
  readonly pid: number;
  readonly application: string;
  readonly since: Date;
  readonly state: string;
}

const SESSION = `pid, coalesce(application_name, '') AS application, backend_start AS since, coalesce(state, '') AS state`;

/** The sessions in a database; undefined when the server cannot be asked. */
export function sessionsIn(database: string, like: Client): Promise<Session[] | undefined> {
  return ask(
    like,
    `SELECT ${SESSION} FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid() ORDER BY backend_start`,
    [database],
  );
}

/** The sessions that hold what this one waits for; undefined when the server cannot be asked. */
export function blockersOf(client: Client): Promise<Session[] | undefined> {
  return ask(
    client,
    `SELECT ${SESSION} FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_catalog.pg_blocking_pids($1)) ORDER BY backend_start`,
    [client.processID],
  );
}

/** How a report calls a session of another process. */
export function sayForeign({ pid, application, since, state }: Session): string {
  const name = application ? `"${application}" ` : '';
  return `session ${name}(pid ${String(pid)}, ${state || 'in the background'}, since ${since.toISOString()})`;
}

async function ask(
  like: Client,
  text: string,
  values: readonly unknown[],
): Promise<Session[] | undefined> {
  const client = anotherLike(like, {
    application_name: 'savepoint',
    connectionTimeoutMillis: LIMIT,
    query_timeout: LIMIT,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query(text, values);
    return rows as Session[];
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}
