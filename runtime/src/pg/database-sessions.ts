/** Who is connected to a database that has to be left: asked of the server, said to the user. */
import { setTimeout as delay } from 'node:timers/promises';
import { HazardError } from '../hazard-error.ts';
import { codeOf } from './connect.ts';
import type { Owner } from './owner.ts';

/** A session, as the server knows it. */
export interface Session {
  readonly pid: number;
  readonly role: string | null;
  readonly application: string | null;
  readonly address: string | null;
  readonly state: string | null;
}

/** How long somebody who is about to leave may take; the server itself waits as long for a copy. */
const LEAVES_WITHIN_MILLIS = 5_000;
const POLL_MILLIS = 50;

/** The server's code for a database that somebody is connected to. */
export const IN_USE = '55006';

/**
 * Settles when nobody is connected to a database any more.
 * @throws HazardError `no-template-in-use` when somebody stays, naming him
 */
export async function untilLeft(owner: Owner, database: string): Promise<void> {
  for (let waited = 0; ; waited += POLL_MILLIS) {
    const sessions = await sessionsIn(owner, database);
    if (sessions.length === 0) return;
    if (waited >= LEAVES_WITHIN_MILLIS) throw inUse(database, sessions);
    await delay(POLL_MILLIS);
  }
}

/** Whether nobody is connected to a database. */
export async function isLeft(owner: Owner, database: string): Promise<boolean> {
  return (await sessionsIn(owner, database)).length === 0;
}

/** Ends whoever is connected to a database, as far as this role may. */
export async function endSessions(owner: Owner, database: string): Promise<void> {
  await owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = $1 and backend_type = 'client backend' and usename = current_user`,
    [database],
  );
}

/** Something that statements are asked of. */
export interface Asks {
  query(text: string): Promise<unknown>;
}

/**
 * Drops a database with all who are connected to it. A server under load can take longer to end
 * them than it waits for that itself, so it is asked again.
 */
export async function dropWithSessions(by: Asks, database: string): Promise<void> {
  for (let attempts = 1; ; attempts++) {
    try {
      await by.query(`drop database if exists ${database} with (force)`);
      return;
    } catch (error) {
      if (codeOf(error) !== IN_USE || attempts === DROP_ATTEMPTS) throw error;
    }
  }
}

const DROP_ATTEMPTS = 3;
const CREATE = 'create database ';

/** The statement that makes one database from another. @param template quoted */
export function copyStatement(name: string, template: string): string {
  return `${CREATE}${name} template ${template}`;
}

/** The databases with such names that sessions of this role are making now. */
export async function databasesBeingMade(owner: Owner, prefix: string): Promise<string[]> {
  const rows = await owner.query<{ name: string }>(
    `select split_part(query, ' ', 3) as name ${MAKING} and starts_with(query, $1)`,
    [CREATE + prefix],
  );
  return rows.map(({ name }) => name);
}

/** Ends the sessions that make these databases, and settles when they have ended: made or not. */
export async function endSessionsThatCopy(owner: Owner, names: readonly string[]): Promise<void> {
  for (let waited = 0; waited < LEAVES_WITHIN_MILLIS; waited += POLL_MILLIS) {
    const ended = await owner.query(
      `select pg_terminate_backend(pid) ${MAKING} and split_part(query, ' ', 3) = any ($1)`,
      [names],
    );
    if (ended.length === 0) return;
    await delay(POLL_MILLIS);
  }
}

const MAKING = `from pg_stat_activity where usename = current_user and state = 'active' and pid <> pg_backend_pid()`;

/** Why a database could not be copied, when it was because of others. */
export async function whyInUse(owner: Owner, database: string): Promise<HazardError> {
  return inUse(database, await sessionsIn(owner, database));
}

/** Who is connected to a database. */
export function sessionsIn(owner: Owner, database: string): Promise<Session[]> {
  return owner.query<Session & Record<string, unknown>>(
    `select pid, usename as role, application_name as application, host(client_addr) as address, state
     from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
    [database],
  );
}

function inUse(database: string, sessions: readonly Session[]): HazardError {
  return new HazardError('no-template-in-use', {
    happened: `Database "${database}" cannot be copied while others are connected to it: ${sessions.map(saySession).join(', ') || 'somebody who has left since'}.`,
    remedy:
      'Have `migrate` end every pool and client that it opens, and wait for that: `await pool.end()`, `await knex.destroy()`. ' +
      'A database of your own is copied when nobody is connected to it: close tools and other runs, or let savepoint make one with `postgres({ migrate })`.',
  });
}

/** A session as messages call it. */
export function saySession({ pid, role, application, address, state }: Session): string {
  const name = application ? `"${application}"` : 'a session without a name';
  const from = address ? ` from ${address}` : '';
  return `${name} of ${role ?? 'an unknown role'}${from} (process ${String(pid)}, ${state ?? 'its state hidden'})`;
}
