/**
 * What stands for this process on a server while it lives: one connection, and the locks it holds.
 * The server gives them back however the process ends, so what nobody holds is nobody's. Knows
 * neither migrations nor tests.
 */
import type pg from 'pg';
import { codeOf } from './connect.ts';
import { DatabaseNames, digest } from './database-names.ts';
import { connectToMaintenance, pin, PIN_ANEW } from './maintenance.ts';
import { QuietConnection } from './quiet-connection.ts';

/** What the server says of itself and of the role. */
interface Facts {
  readonly database: string;
  readonly role: string;
  /** Its version and the extensions that it offers: what the same migrations depend on. */
  readonly abilities: string;
  /** The databases for rollback tests, whoever made them. */
  readonly shared: readonly string[];
}

/** The two locks of a name; any two numbers that nobody else on the server is likely to use. */
const BUILD = 0x5a_7e_01;
export const OWN = 0x5a_7e_02;
const IN_FAILED_TRANSACTION = '25P02';
const CLAIM = 'select pg_advisory_lock_shared($1, $2)';

const FACTS = `current_database() as database, current_user as role,
  current_setting('server_version_num') || coalesce(
    (select string_agg(name || ' ' || default_version, ',' order by name) from pg_available_extensions()), ''
  ) as abilities,
  array(select datname::text from pg_database where datname like 'savepoint\\_%\\_shared\\_%') as shared`;

/** What an owner has. */
interface Holdings {
  readonly connection: QuietConnection;
  readonly locks: QuietConnection;
  /** By the keys of their locks. */
  readonly claims: Set<number>;
}

export class Owner {
  readonly names: DatabaseNames;
  /** The same for servers on which the same migrations have the same result. */
  readonly abilities: string;
  /** The databases for rollback tests that were there when this process came. */
  readonly sharedAtFirst: ReadonlySet<string>;
  readonly #server: string;
  /** By the keys of their locks. */
  readonly #claims: Set<number>;
  readonly #connection: QuietConnection;
  /** Has the locks; the same one, unless there is a pooler. */
  readonly #locks: QuietConnection;

  /**
   * @param server a connection string to the server
   * @throws SetupError `ERR_SAVEPOINT_CONNECT`, `ERR_SAVEPOINT_POOLER`
   */
  static async on(server: string): Promise<Owner> {
    const claims = new Set<number>();
    const { client: first, isPooled, row } = await connectToMaintenance<Facts>(server, FACTS);
    const opened = [first];
    const locks: QuietConnection = new QuietConnection(
      async () => {
        const client = opened.pop() ?? (await connectToMaintenance(server)).client;
        if (isPooled) await pin(client);
        // A connection that breaks takes the locks with it: they are taken again before anything else.
        for (const key of claims) await client.query(CLAIM, [OWN, key]);
        return client;
      },
      // The server may be gone, too. Then whoever asks next is told by the driver.
      () => void locks.query('').catch(() => undefined),
    );
    await locks.client();
    const connection = isPooled ? quietConnectionTo(server) : locks;
    return new Owner(server, { connection, locks, claims }, row);
  }

  private constructor(
    server: string,
    { connection, locks, claims }: Holdings,
    { database, role, abilities, shared }: Facts,
  ) {
    this.names = new DatabaseNames(database, role);
    this.abilities = abilities;
    this.sharedAtFirst = new Set(shared);
    this.#server = server;
    this.#connection = connection;
    this.#locks = locks;
    this.#claims = claims;
  }

  /**
   * Whether there is a pooler between: it keeps sessions when ours have ended, and knows them by
   * numbers of its own.
   */
  get isPooled(): boolean {
    return this.#locks !== this.#connection;
  }

  /** Keeps the process alive until it is answered. */
  query<Row extends pg.QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.#connection.query(text, values);
  }

  /** Holds what bears this name until the process ends: nobody drops it. */
  async claim(holder: string): Promise<void> {
    const key = this.#keyOf(holder);
    await this.#lock(CLAIM, [OWN, key]);
    this.#claims.add(key);
  }

  /** Gives a claim back. */
  async disclaim(holder: string): Promise<void> {
    const key = this.#keyOf(holder);
    this.#claims.delete(key);
    await this.#lock('select pg_advisory_unlock_shared($1, $2)', [OWN, key]);
  }

  /**
   * Asks what is to be answered as it is once a lock is there, in the same trip to the server.
   * @param lock asks for it
   */
  async behind<Seen>(lock: () => Promise<unknown>, look: () => Promise<Seen>): Promise<Seen> {
    // Behind a pooler the two go different ways.
    if (this.isPooled) return lock().then(look);
    const [, seen] = await Promise.all([lock(), look()]);
    return seen;
  }

  /** Does something that only one process does at a time. @param look asks how things are by then */
  async whileAlone<Seen, T>(
    name: string,
    look: () => Promise<Seen>,
    work: (seen: Seen) => Promise<T>,
  ): Promise<T> {
    const lock = async () => {
      await this.#lock('select pg_advisory_lock($1, $2)', [BUILD, this.#keyOf(name)]);
      return true;
    };
    return (await this.#whileLocked(name, lock, look, work)) as T;
  }

  /**
   * The same if nobody at all does such a thing now; answers at once.
   * @returns undefined when somebody does
   */
  async ifAlone<Seen, T>(
    name: string,
    look: () => Promise<Seen>,
    work: (seen: Seen) => Promise<T>,
  ): Promise<T | undefined> {
    const lock = async () => {
      const [row] = await this.#lock<{ free: boolean }>(
        'select pg_try_advisory_lock($1, $2) as free',
        [BUILD, this.#keyOf(name)],
      );
      return row?.free === true;
    };
    return this.#whileLocked(name, lock, look, work);
  }

  async #whileLocked<Seen, T>(
    name: string,
    lock: () => Promise<boolean>,
    look: () => Promise<Seen>,
    work: (seen: Seen) => Promise<T>,
  ): Promise<T | undefined> {
    const locking = lock();
    try {
      const seen = await this.behind(() => locking, look);
      return (await locking) ? await work(seen) : undefined;
    } finally {
      if (await locking.catch(() => false))
        await this.#lock('select pg_advisory_unlock($1, $2)', [BUILD, this.#keyOf(name)]);
    }
  }

  /**
   * Waits until nobody does such a thing any more; all who wait for that go on at once.
   * @param look asks how things are then
   */
  async whenNobody<Seen>(name: string, look: () => Promise<Seen>): Promise<Seen> {
    const lock = [BUILD, this.#keyOf(name)];
    const locked = () => this.#lock('select pg_advisory_lock_shared($1, $2)', lock);
    const unlocked = () => this.#lock('select pg_advisory_unlock_shared($1, $2)', lock);
    return this.behind(() => this.behind(locked, unlocked), look);
  }

  /** Does something with each of these that nobody holds, and nobody can claim meanwhile. */
  async whileUnheld(
    holders: readonly string[],
    work: (holder: string) => Promise<void>,
  ): Promise<void> {
    const others = holders.filter((holder) => !this.#claims.has(this.#keyOf(holder)));
    if (others.length === 0) return;
    const free = await this.#lock<{ holder: string; free: boolean }>(
      `select holder, pg_try_advisory_lock($1, key) as free
       from unnest($2::text[], $3::int[]) as t (holder, key)`,
      [OWN, others, others.map((holder) => this.#keyOf(holder))],
    );
    for (const { holder } of free.filter((each) => each.free)) {
      try {
        await work(holder);
      } finally {
        await this.#lock('select pg_advisory_unlock($1, $2)', [OWN, this.#keyOf(holder)]);
      }
    }
  }

  /**
   * Asks for locks, or gives them back. Behind a pooler the connection is in one transaction, which an
   * error spoils for all that comes after; locks of the session outlive it.
   */
  async #lock<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    try {
      return await this.#locks.query<Row>(text, values);
    } catch (error) {
      if (!this.isPooled) throw error;
      // Where that cannot be done either, the first error says why.
      await this.#locks.query(PIN_ANEW).catch(() => undefined);
      // It was the error of another one who asked meanwhile.
      if (codeOf(error) === IN_FAILED_TRANSACTION) return this.#locks.query<Row>(text, values);
      throw error;
    }
  }

  /** Another connection like this one, which holds nothing. */
  another(): QuietConnection {
    return quietConnectionTo(this.#server);
  }

  /** Other roles have databases of the same fingerprints, and locks of their own for them. */
  #keyOf(name: string): number {
    return digest([this.names.prefix, name]).readInt32BE();
  }

  /** Gives up what it holds; from then on it may be dropped. */
  async release(): Promise<void> {
    await this.#connection.end();
    if (this.isPooled) await this.#locks.end();
  }
}

function quietConnectionTo(server: string): QuietConnection {
  return new QuietConnection(async () => (await connectToMaintenance(server)).client);
}
