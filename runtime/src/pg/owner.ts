/**
 * What stands for this process on a server while it lives: one connection, and the locks it holds.
 * The server gives them back however the process ends, so what nobody holds is nobody's. Knows
 * neither migrations nor tests.
 */
import type pg from 'pg';
import { codeOf, connect, withDatabase } from './connect.ts';
import { DatabaseNames, digest } from './database-names.ts';
import { QuietConnection } from './quiet-connection.ts';

/** What the server says of itself and of the role. */
interface Facts {
  readonly database: string;
  readonly role: string;
  /** Its version and the extensions that it offers: what the same migrations depend on. */
  readonly abilities: string;
}

/** The two locks of a name; any two numbers that nobody else on the server is likely to use. */
const BUILD = 0x5a_7e_01;
export const OWN = 0x5a_7e_02;
const CLAIM = 'select pg_advisory_lock_shared($1, $2)';

/** How often the system asks after a connection whose machine may have died, in seconds. */
const KEEPALIVE = { tcp_keepalives_idle: 30, tcp_keepalives_interval: 10, tcp_keepalives_count: 6 };
const NEVER = [
  'statement_timeout',
  'lock_timeout',
  'idle_session_timeout',
  'transaction_timeout',
  'idle_in_transaction_session_timeout',
];

export class Owner {
  readonly names: DatabaseNames;
  /** The same for servers on which the same migrations have the same result. */
  readonly abilities: string;
  readonly #server: string;
  readonly #claims: Set<string>;
  readonly #connection: QuietConnection;

  /**
   * @param server a connection string to the server
   * @throws SetupError `ERR_SAVEPOINT_CONNECT`
   */
  static async on(server: string): Promise<Owner> {
    const claims = new Set<string>();
    const connection: QuietConnection = new QuietConnection(
      async () => {
        const client = await connectToMaintenance(server);
        // A connection that breaks takes the locks with it: they are taken again before anything else.
        for (const holder of claims) await client.query(CLAIM, [OWN, keyOf(holder)]);
        return client;
      },
      // The server may be gone, too. Then whoever asks next is told by the driver.
      () => void connection.query('').catch(() => undefined),
    );
    try {
      return new Owner(server, connection, claims, await factsOf(connection));
    } catch (error) {
      await connection.end();
      throw error;
    }
  }

  private constructor(
    server: string,
    connection: QuietConnection,
    claims: Set<string>,
    { database, role, abilities }: Facts,
  ) {
    this.names = new DatabaseNames(database, role);
    this.abilities = abilities;
    this.#server = server;
    this.#connection = connection;
    this.#claims = claims;
  }

  /** Keeps the process alive until it is answered. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.#connection.query(text, values);
  }

  /** Holds what bears this name until the process ends: nobody drops it. */
  async claim(holder: string): Promise<void> {
    await this.query(CLAIM, [OWN, keyOf(holder)]);
    this.#claims.add(holder);
  }

  /** Does something that only one process does at a time. */
  async whileAlone<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.query('select pg_advisory_lock($1, $2)', [BUILD, keyOf(name)]);
    try {
      return await work();
    } finally {
      await this.query('select pg_advisory_unlock($1, $2)', [BUILD, keyOf(name)]);
    }
  }

  /** Whether nobody at all does such a thing now; answers at once. */
  async ifAlone<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    const [row] = await this.query<{ free: boolean }>(
      'select pg_try_advisory_lock($1, $2) as free',
      [BUILD, keyOf(name)],
    );
    if (!row?.free) return undefined;
    try {
      return await work();
    } finally {
      await this.query('select pg_advisory_unlock($1, $2)', [BUILD, keyOf(name)]);
    }
  }

  /** Does something with each of these that nobody holds, and nobody can claim meanwhile. */
  async whileUnheld(
    holders: readonly string[],
    work: (holder: string) => Promise<void>,
  ): Promise<void> {
    const others = holders.filter((holder) => !this.#claims.has(holder));
    if (others.length === 0) return;
    const free = await this.query<{ holder: string; free: boolean }>(
      `select holder, pg_try_advisory_lock($1, key) as free
       from unnest($2::text[], $3::int[]) as t (holder, key)`,
      [OWN, others, others.map(keyOf)],
    );
    for (const { holder } of free.filter((each) => each.free)) {
      try {
        await work(holder);
      } finally {
        await this.query('select pg_advisory_unlock($1, $2)', [OWN, keyOf(holder)]);
      }
    }
  }

  /** Hears what others say on a channel while something is done. */
  async whileListening<T>(
    channel: string,
    hear: (payload: string) => void,
    work: () => Promise<T>,
  ): Promise<T> {
    const client = await this.#connection.client();
    const listener = ({ channel: on, payload }: pg.Notification) => {
      if (on === channel) hear(payload ?? '');
    };
    client.on('notification', listener);
    await this.query(`listen ${channel}`);
    try {
      return await work();
    } finally {
      client.off('notification', listener);
      await this.query(`unlisten ${channel}`);
    }
  }

  /** Another connection like this one, which holds nothing. */
  another(): QuietConnection {
    return new QuietConnection(() => connectToMaintenance(this.#server));
  }

  /** Gives up what it holds; from then on it may be dropped. */
  release(): Promise<void> {
    return this.#connection.end();
  }
}

/**
 * A connection to the database where the locks are, which is never one that is tested on: locks of
 * different databases do not know each other.
 */
async function connectToMaintenance(server: string): Promise<pg.Client> {
  const client = await connect(withDatabase(server, 'postgres')).catch((error: unknown) => {
    const ABSENT_OR_CLOSED = ['3D000', '42501', '28000'];
    if (!ABSENT_OR_CLOSED.includes(codeOf((error as Error).cause) ?? '')) throw error;
    return connect(server);
  });
  const settings = { ...Object.fromEntries(NEVER.map((name) => [name, 0])), ...KEEPALIVE };
  // Waiting for a lock takes as long as another process's migrations do.
  await client.query(
    `select set_config(name, wanted.value, false)
     from unnest($1::text[], $2::text[]) as wanted (name, value) join pg_settings using (name)`,
    [Object.keys(settings), Object.values(settings).map(String)],
  );
  return client;
}

async function factsOf(connection: QuietConnection): Promise<Facts> {
  const [facts] = await connection.query<Facts & pg.QueryResultRow>(
    `select current_database() as database, current_user as role,
       current_setting('server_version_num') || coalesce(
         (select string_agg(name || ' ' || default_version, ',' order by name) from pg_available_extensions), ''
       ) as abilities`,
  );
  if (!facts) throw new Error('the server answered without a row');
  return facts;
}

function keyOf(name: string): number {
  return digest([name]).readInt32BE();
}
