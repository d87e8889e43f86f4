/**
 * A migrated database on a server, made once however many processes want it at the same time, on
 * however many machines: the server's own locks are the only coordinator. Whoever uses it holds a
 * lock on it for as long as the process lives, so what nobody holds is nobody's.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { SetupError } from '../setup-error.ts';
import {
  codeOf,
  connect,
  endUnreferenced,
  unref,
  withConnection,
  withDatabase,
} from './connect.ts';
import type { Migrations } from './migrations.ts';
import { isKnownToGoOn, type Run } from './run.ts';
import { describeTarget, targetOf } from './test-database.ts';

/** A database that is ready for tests. */
export interface PreparedDatabase {
  readonly connectionString: string;
  /** Gives up the claim on it; from then on it may be dropped. */
  readonly release: () => Promise<void>;
}

/**
 * A database with these migrations, made if need be.
 *
 * @param server a connection string to the server
 * @throws SetupError `ERR_SAVEPOINT_MIGRATION` when a migration fails, its own error first;
 *   `ERR_SAVEPOINT_CREATEDB` when the role may not create databases; `ERR_SAVEPOINT_CONNECT`
 */
export async function prepareDatabase(
  server: string,
  migrations: Migrations,
): Promise<PreparedDatabase> {
  const owner = await connectToMaintenance(server);
  try {
    const names = await namesFor(owner, migrations);
    // Claimed before it is looked at: what is claimed is not dropped meanwhile.
    await claim(owner, names.own);
    await whileLocked(owner, BUILD, names.own, async () => {
      if (!(await isReady(owner, names.own))) await build(owner, server, names.own, migrations);
    });
    await dropOrphans(owner, names);
    unref(owner);
    return {
      connectionString: withDatabase(server, names.own),
      release: () => endUnreferenced(owner),
    };
  } catch (error) {
    await owner.end();
    throw error;
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
  // Waiting for a lock takes as long as another process's migrations do.
  await client.query(
    `select set_config(name, '0', false) from pg_settings
     where name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout')`,
  );
  return client;
}

/** How the databases are named that share their locks. */
interface Names {
  readonly own: string;
  /** Begins the names of databases that belong to a run. */
  readonly ofRuns: string;
  /** Begins the names of all databases that this could have made. */
  readonly ofAll: string;
}

async function namesFor(owner: pg.Client, { fingerprint, run }: Migrations): Promise<Names> {
  const { rows } = await owner.query<{ database: string; role: string }>(
    'select current_database() as database, current_user as role',
  );
  const { database = '', role = '' } = rows[0] ?? {};
  const ofAll = `savepoint_${digest([database, role]).toString('hex', 0, 3)}_`;
  const ofRuns = `${ofAll}run_`;
  const hash = digest([database, role, fingerprint]).toString('hex', 0, 8);
  return { own: (run ? ofRuns : ofAll) + hash, ofRuns, ofAll };
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}

// ---- building

/** Begins the comment on a database whose migrations have ended; the run it belongs to follows. */
const READY = 'savepoint: ready ';

function mark({ run }: Migrations): string {
  return READY + JSON.stringify(run ?? 'for ever');
}

function runIn(comment: string): Run {
  return JSON.parse(comment.slice(READY.length)) as Run;
}

async function isReady(owner: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await owner.query(
    `select from pg_database where datname = $1 and starts_with(shobj_description(oid, 'pg_database'), $2)`,
    [name, READY],
  );
  return rowCount === 1;
}

/** Makes the database; it says that it is ready only when its migrations have ended. */
async function build(
  owner: pg.Client,
  server: string,
  name: string,
  migrations: Migrations,
): Promise<void> {
  await drop(owner, name);
  await create(owner, server, name);
  try {
    const connectionString = withDatabase(server, name);
    await withConnection(connectionString, (client) => migrations.apply(client, connectionString));
    await owner.query(`comment on database ${name} is ${owner.escapeLiteral(mark(migrations))}`);
  } catch (error) {
    // If even this fails, the database still does not say that it is ready.
    await drop(owner, name).catch(() => undefined);
    throw error;
  }
}

async function create(owner: pg.Client, server: string, name: string): Promise<void> {
  try {
    await owner.query(`create database ${name}`);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const target = targetOf({ connectionString: server });
    throw new SetupError(
      'ERR_SAVEPOINT_CREATEDB',
      `${describeTarget(target)} may not create databases, and migrations run in a database of their own. ` +
        `Either ALTER ROLE "${target.user}" CREATEDB, or migrate a test database yourself and leave out migrate.`,
      { cause: error },
    );
  }
}

/** Also when a process that was killed left a session in it. */
async function drop(owner: pg.Client, name: string): Promise<void> {
  await owner.query(`drop database if exists ${name} with (force)`);
}

// ---- locks

/** The two locks on a database; any two numbers that nobody else on the server is likely to use. */
const BUILD = 0x5a_7e_01;
const OWN = 0x5a_7e_02;

function keyOf(name: string): number {
  return digest([name]).readInt32BE();
}

/** Held by each process that uses the database, until its connection ends. */
async function claim(owner: pg.Client, name: string): Promise<void> {
  await owner.query('select pg_advisory_lock_shared($1, $2)', [OWN, keyOf(name)]);
}

async function whileLocked(
  owner: pg.Client,
  lock: number,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  await owner.query('select pg_advisory_lock($1, $2)', [lock, keyOf(name)]);
  try {
    await work();
  } finally {
    await owner.query('select pg_advisory_unlock($1, $2)', [lock, keyOf(name)]);
  }
}

// ---- what killed runs left

/** Drops databases of runs that are over and those never finished; never one that somebody holds. */
async function dropOrphans(owner: pg.Client, names: Names): Promise<void> {
  const { rows } = await owner.query<{ name: string; comment: string | null }>(
    `select datname as name, comment
     from pg_database, shobj_description(oid, 'pg_database') as comment
     where starts_with(datname, $1) and datname <> $2 and pg_get_userbyid(datdba) = current_user
       and (starts_with(datname, $3) or starts_with(comment, $4) is not true)`,
    [names.ofAll, names.own, names.ofRuns, READY],
  );
  for (const { name, comment } of rows) {
    // Between two files of a run nobody holds its database.
    if (comment?.startsWith(READY) && (await isKnownToGoOn(runIn(comment)))) continue;
    await dropUnlessHeld(owner, name);
  }
}

async function dropUnlessHeld(owner: pg.Client, name: string): Promise<void> {
  const key = [OWN, keyOf(name)];
  const { rows } = await owner.query<{ free: boolean }>(
    'select pg_try_advisory_lock($1, $2) as free',
    key,
  );
  if (!rows[0]?.free) return;
  // Somebody may be looking at it with a tool of his own. What cannot go now goes another time.
  await owner.query(`drop database if exists ${name}`).catch(() => undefined);
  await owner.query('select pg_advisory_unlock($1, $2)', key);
}
