/** Asks a server which of its sessions are in the way of others, over a connection of its own. Knows no tests. */
import pg from 'pg';
import { markOwn } from './own-pools.ts';

/** A session that others wait for, as the server knows it. */
export interface Blocker {
  readonly pid: number;
  /** Whom it is in the way of. */
  readonly waiting: number;
  /** What it calls itself, what it is doing and its last statement, as far as this user may know. */
  readonly application: string | undefined;
  readonly state: string | undefined;
  readonly query: string | undefined;
}

/** What `pg` keeps of where a client is connected to; its types leave it out. */
interface Connected {
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: string | undefined;
  readonly ssl: boolean;
  readonly sslNegotiation?: string;
}

/** A server under load answers late, and nobody waits for this but a test that is over. */
const LIMIT_MILLIS = 10_000;

const BLOCKERS = `SELECT b.pid, w.pid AS waiting, a.application_name AS application, a.state, a.query
  FROM pg_catalog.unnest($1::int[]) AS w (pid)
  CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid`;

/**
 * Who is in the way of these sessions, all of one server. Never waits for long, and keeps no process alive.
 * @param like a client of the same server and user; asked nothing
 * @returns nobody when the server takes no further connection
 */
export async function blockersOf(
  waiting: readonly number[],
  like: pg.PoolClient,
): Promise<readonly Blocker[]> {
  const client = anotherLike(like);
  try {
    await client.connect();
    const { rows } = await client.query<Record<keyof Blocker, unknown>>(BLOCKERS, [waiting]);
    return rows.map(({ pid, waiting: of, application, state, query }) => ({
      pid: pid as number,
      waiting: of as number,
      application: textOf(application),
      state: textOf(state),
      query: textOf(query),
    }));
  } catch {
    return [];
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** Tells servers apart. */
export function serverOf(client: pg.PoolClient): string {
  const { host, port } = connected(client);
  return `${host}:${String(port)}`;
}

function anotherLike(client: pg.PoolClient): pg.Client {
  const { host, port, user, database, password, ssl, sslNegotiation } = connected(client);
  const another = new pg.Client({
    host,
    port,
    user,
    database,
    password,
    ssl,
    ...(sslNegotiation === undefined ? {} : { sslnegotiation: sslNegotiation }),
    application_name: 'savepoint',
    connectionTimeoutMillis: LIMIT_MILLIS,
    query_timeout: LIMIT_MILLIS,
  } as pg.ClientConfig);
  markOwn(another).on('error', () => undefined);
  (another as pg.Client & { unref(): void }).unref();
  return another;
}

function connected(client: pg.PoolClient): Connected {
  return client as unknown as Connected;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
