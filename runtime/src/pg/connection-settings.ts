/**
 * What makes a connection fit for sandboxes, which are idle in transaction while a test thinks. On a
 * connection of its own that is set once; behind a pooler, which may give every transaction another
 * server session, and give that session to others, it is set anew in each and ends with it.
 */
import { DEFAULT_MODES, readDefaultModes } from './default-modes.ts';
import { LOCK_TIMEOUT_MILLIS } from './lock-waits.ts';
import type { Modes } from './modes-in-force.ts';
import type { Control } from './exchange.ts';
import { keptAlive } from './lost-peers.ts';
import type { RealConnection } from './real-connection.ts';
import { IS_STANDBY, standby } from './standby.ts';

/** A connection that is fit for sandboxes. */
export interface Fitness {
  /** The modes that its transactions begin with. */
  readonly modes: Modes;
  /** What each transaction is to begin with. */
  readonly opening: readonly Control[];
}

/** What a machine that is gone has locked is free before those give up who wait for it. */
const KEEP_ALIVE = { idle: 4, interval: 1, count: 4 };

const fitted = new WeakMap<RealConnection, Fitness>();

/** What is known of a connection that was made fit. */
export function fitnessOf(real: RealConnection): Fitness | undefined {
  return fitted.get(real);
}

/**
 * Makes a connection fit, once.
 * @throws the error of the server, or of the connection; SetupError `ERR_SAVEPOINT_STANDBY`
 */
export async function fit(real: RealConnection): Promise<Fitness> {
  const fitness = fitted.get(real) ?? (await makeFit(real));
  fitted.set(real, fitness);
  return fitness;
}

async function makeFit(real: RealConnection): Promise<Fitness> {
  // A pooler makes up the number it tells its clients. Its sessions are others' to set.
  const isOwn = `pg_backend_pid() = ${String(real.processId)}`;
  const [row = []] = await real.rows(
    `SELECT ${DEFAULT_MODES}, ${IS_STANDBY}, ${isOwn},
      CASE WHEN ${isOwn} THEN (SELECT row(${settings('session')}, ${keptAlive(KEEP_ALIVE)})::text) END`,
  );
  const [isStandby, own] = row.slice(-3);
  if (isStandby === 't') throw standby(real.client);
  const modes = readDefaultModes(row);
  return { modes, opening: own === 't' ? [] : [openingBehindPooler(real)] };
}

function openingBehindPooler(real: RealConnection): Control {
  real.prepareNothing();
  return {
    sql: `SELECT ${settings('transaction')}, pg_backend_pid()`,
    onRow: (fields) => {
      real.processId = Number(fields.at(-1));
    },
  };
}

function settings(scope: 'session' | 'transaction'): string {
  const isLocal = String(scope === 'transaction');
  const set = (name: string, value: number) =>
    `set_config('${name}', '${String(value)}', ${isLocal})`;
  return `${set('idle_in_transaction_session_timeout', 0)},
    ${
      // A server whose client was killed would go on with its statement, and keep its locks, until it
      // has something to say. Servers on Windows, and those before version 14, cannot look.
      `CASE WHEN current_setting('client_connection_check_interval', true) = '0'
        AND version() !~* 'windows|mingw|visual c' THEN ${set('client_connection_check_interval', 1000)} END`
    },
    CASE WHEN current_setting('lock_timeout') = '0' THEN ${set('lock_timeout', LOCK_TIMEOUT_MILLIS)} END,
    CASE WHEN current_setting('transaction_timeout', true) IS NOT NULL THEN ${set('transaction_timeout', 0)} END`;
}
