/**
 * Connections to the database where the locks are: through poolers, too, which hand a session and the
 * locks in it to others. Knows not what is locked.
 */
import type pg from 'pg';
import { SetupError } from '../setup-error.ts';
import { codeOf, connect, withDatabase } from './connect.ts';
import { keptAlive } from './lost-peers.ts';
import { IS_STANDBY, standby } from './standby.ts';

/** A connection, and what was asked over it first. */
export interface Maintenance<Row> {
  readonly client: pg.Client;
  /** Whether something stands between that has sessions on the server of its own. */
  readonly isPooled: boolean;
  readonly row: Row;
}

/** What a machine left that is gone can wait for longer than a network that is down for a while. */
const KEEP_ALIVE = { idle: 30, interval: 10, count: 6 };
/** Waiting for a lock takes as long as another process's migrations do. */
const NEVER = [
  'statement_timeout',
  'lock_timeout',
  'idle_session_timeout',
  'transaction_timeout',
  'idle_in_transaction_session_timeout',
];

/**
 * A connection to a database that is never one that is tested on: locks of different databases do not
 * know each other.
 * @param columns what to ask at once
 * @throws SetupError `ERR_SAVEPOINT_CONNECT`, `ERR_SAVEPOINT_STANDBY`
 */
export async function connectToMaintenance<Row = object>(
  server: string,
  columns = '',
): Promise<Maintenance<Row>> {
  const client = await connectTo(server);
  const { processID } = client as pg.Client & { readonly processID: number };
  // A pooler makes up the number it tells its clients. Its sessions are others' to set.
  const isOwn = `pg_backend_pid() = ${String(processID)}`;
  const asked = client.query<Row & { own: boolean; standby: boolean }>(
    `select ${isOwn} as own, ${IS_STANDBY} as standby ${columns && `, ${columns}`}`,
  );
  // What is asked next comes behind it, and hears of a connection that is lost.
  client
    .query(
      `select row(${withoutLimits('false')}, ${keptAlive(KEEP_ALIVE)})::text as settings where ${isOwn}`,
    )
    .catch(() => undefined);
  const [row] = (await asked).rows;
  if (!row) throw new Error('the server answered without a row');
  if (row.standby) {
    await client.end();
    throw standby(client);
  }
  return { client, isPooled: !row.own, row };
}

function connectTo(server: string): Promise<pg.Client> {
  return open(withDatabase(server, 'postgres')).catch((error: unknown) => {
    const ABSENT_OR_CLOSED = ['3D000', '42501', '28000'];
    if (!ABSENT_OR_CLOSED.includes(codeOf((error as Error).cause) ?? '')) throw error;
    return open(server);
  });
}

/** What is asked over it at the same time is sent at once and answered in order. */
function open(connectionString: string): Promise<pg.Client> {
  return connect(connectionString, { pipeline: true });
}

const BEGIN = 'begin isolation level read committed';
/** Keeps the session where an error has spoilt the transaction: in one message, within which no pooler takes it. */
export const PIN_ANEW = `rollback; ${BEGIN}; select ${withoutLimits('true')}`;

/**
 * Keeps one session for a client of a pooler. In most of its modes it hands a session to somebody else
 * between two statements, but in none within a transaction, and when the client goes it ends it.
 * @throws SetupError `ERR_SAVEPOINT_POOLER` when it has no transactions
 */
export async function pin(client: pg.Client): Promise<void> {
  try {
    await client.query(BEGIN);
    await client.query(`select ${withoutLimits('true')}`);
  } catch (error) {
    await client.end();
    throw withoutTransactions(client, error);
  }
}

function withoutLimits(isLocal: 'true' | 'false'): string {
  return NEVER.map(
    (name) =>
      `case when current_setting('${name}', true) is not null then set_config('${name}', '0', ${isLocal}) end`,
  ).join(', ');
}

function withoutTransactions({ host, port }: pg.Client, cause: unknown): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_POOLER',
    `The pooler at ${host}:${String(port)} does not keep a session for a transaction: ${(cause as Error).message}. ` +
      'Without that nobody can hold a lock. Connect to the server itself, or set pool_mode to transaction or session.',
    { cause },
  );
}
