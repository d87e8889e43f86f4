/**
 * Where sandboxes get their connections: one source for each database that pools of the app lead to,
 * however many pools do. Decides how many sandboxes of a process may be open at the same time.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { sameHost } from './address.ts';
import { APPLICATION_NAME } from './application-name.ts';
import { codeOf } from './connect.ts';
import { OwnClient } from './own-client.ts';
import { markOwn } from './own-pools.ts';
import { budgetOn, noConnectionLeft, type Budget } from './pool-budget.ts';
import { Places } from './places.ts';
import type { Connections } from './session.ts';
import {
  assertTestDatabase,
  describeTarget,
  type AllowDatabase,
  type Target,
} from './test-database.ts';
import { WarmConnections } from './warm-connections.ts';

/** Where sandboxes on one database get their connections. */
export interface Source extends Connections {
  /** The database; unknown while nothing but its owner is. */
  readonly target: Target | undefined;
}

/** The database of `postgres()`, as far as a source needs it. */
export interface DeclaredDatabase {
  connectionString(): Promise<string>;
}

/**
 * The places for sandboxes of this process. A test needs one and never a second, however many
 * databases it uses and however deep it nests; so those that wait never wait for each other.
 */
export const places = new Places(Infinity);

/** How many connections a pool of `pg` has when nobody says. */
const DEFAULT_MAX = 10;

/** Keeps the open sandboxes of the process within what a pool may have. */
export function keepWithin(max: number | undefined): void {
  places.limitTo(max ?? DEFAULT_MAX);
}

const byTarget = new Map<string, Source>();
const byDeclaration = new WeakMap<DeclaredDatabase, Source>();

/**
 * The source of the database that a pool of the app leads to.
 * @throws SetupError `ERR_SAVEPOINT_NOT_A_TEST_DATABASE` when it does not look like one for tests
 */
export function sourceOf({ options }: pg.Pool, allowDatabase?: AllowDatabase): Source {
  const target = assertTestDatabase(options, allowDatabase);
  const key = describeTarget({ ...target, host: sameHost(target.host) });
  const known = byTarget.get(key);
  keepWithin(options.max);
  if (known) return known;
  const source = { ...sourceFrom(() => Promise.resolve(realPoolLike(options)), target), options };
  byTarget.set(key, source);
  return source;
}

/** The source of a declared database, connected to as a pool of the app connects. */
export function sourceIn(database: DeclaredDatabase, { options }: pg.Pool): Source {
  const known = byDeclaration.get(database);
  keepWithin(options.max);
  if (known) return known;
  const openReal = async () => realPoolLike(options, await database.connectionString());
  const source = { ...sourceFrom(openReal, undefined), options };
  byDeclaration.set(database, source);
  return source;
}

/**
 * @param openReal makes what real connections come from, when the first is needed
 * @param budget asks for the share of this process over another connection, if there is one
 */
export function sourceFrom(
  openReal: () => Promise<RealPool>,
  target: Target | undefined,
  budget?: () => Promise<Budget>,
): Source {
  let real: Promise<RealPool> | undefined;
  let isBudgeted = false;
  return {
    target,
    checkout: async () => {
      const client = await connectPatiently(await (real ??= openReal()));
      if (!isBudgeted) {
        isBudgeted = true;
        // Nobody waits for what is asked elsewhere: should there be no room meanwhile, one is patient.
        if (budget) budget().then(keepBudget, ignore);
        else await budgetOn(client).then(keepBudget, ignore);
      }
      return client;
    },
    giveBack: (client, error) => {
      client.release(error);
    },
    warm: new WarmConnections(),
  };
}

function ignore(): void {
  // Without a share, the limit of the pool holds.
}

/** Keeps the open sandboxes of the process within its share of what the server takes. */
function keepBudget({ connections }: Budget): void {
  // This connection is there already.
  places.limitTo(Math.max(1, connections - OWNERS_CONNECTION));
}

/** The one that holds the locks of this process. */
const OWNERS_CONNECTION = 1;

/** The server's code for having no connection left. */
const TOO_MANY = '53300';
const PATIENCE_MILLIS = 10_000;
const RETRY_MILLIS = 100;

/** Where real connections come from. */
interface RealPool {
  connect(): Promise<pg.PoolClient>;
}

/** Other processes come and go: who finds no room waits for a while. */
async function connectPatiently(pool: RealPool): Promise<pg.PoolClient> {
  for (let waited = 0; ; waited += RETRY_MILLIS) {
    try {
      return await pool.connect();
    } catch (error) {
      if (codeOf(error) !== TOO_MANY) throw error;
      if (waited >= PATIENCE_MILLIS) throw noConnectionLeft(error as Error);
      await delay(RETRY_MILLIS);
    }
  }
}

/** Whether two pools lead to one database as different users. */
export function differInUser(one: Source, other: Source): boolean {
  const [a, b] = [one.target, other.target];
  return (
    a !== undefined &&
    b !== undefined &&
    a.user !== b.user &&
    a.database === b.database &&
    a.port === b.port &&
    sameHost(a.host) === sameHost(b.host)
  );
}

/**
 * A pool of real connections with an app's options; lets the process end while it is idle. It has as
 * many as there are places.
 * @param connectionString where to connect to instead of where the app's pool would
 */
function realPoolLike(options: pg.PoolConfig, connectionString?: string): pg.Pool {
  const {
    // What the stand-in does itself, for the app's pool.
    query_timeout: _queryTimeout,
    pipeline: _pipeline,
    onConnect: _onConnect,
    verify: _verify,
    log: _log,
    min: _min,
    maxUses: _maxUses,
    maxLifetimeSeconds: _maxLifetimeSeconds,
    ...connection
  } = options as pg.PoolConfig & { readonly verify?: unknown };
  // pg hides the password of a pool from enumeration.
  const password = options.password === undefined ? {} : { password: options.password };
  const real = markOwn(
    new pg.Pool({
      ...connection,
      ...password,
      // pg lets the parts of a connection string win over all others.
      ...(connectionString === undefined ? {} : { connectionString }),
      Client: OwnClient,
      fallback_application_name: options.fallback_application_name ?? APPLICATION_NAME,
      max: Infinity,
      allowExitOnIdle: true,
    }),
  );
  // An idle connection that breaks is replaced by the next checkout.
  real.on('error', () => undefined);
  return real;
}
