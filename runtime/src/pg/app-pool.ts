/**
 * An app's own pool, stood in for: what it is asked goes to whichever pool is chosen at that moment,
 * and its counts and events are those of the chosen one. The stand-in stays until the process ends,
 * for work that outlives its test asks then, too; where nothing is chosen, the pool is itself.
 */
import pg from 'pg';
import { APPLICATION_NAME } from './application-name.ts';

/** Answers for one request to an app's pool. */
export interface StandIn {
  /** The pool to ask instead; undefined for the app's own. @throws what the app is to be told */
  choose(): pg.Pool | undefined;
  /** The pool whose counts are shown; undefined for the app's own. */
  shown(): pg.Pool | undefined;
  /** Called when the app ends its pool. @throws when it must not; else the pool is ended */
  end(): void;
}

type Method = (this: pg.Pool, ...args: unknown[]) => unknown;
const EVENTS = ['connect', 'acquire', 'release', 'remove'] as const;
const COUNTS = ['totalCount', 'idleCount', 'waitingCount', 'expiredCount'] as const;

/** Puts the stand-in before the pool's own methods. */
export function standIn(pool: pg.Pool, stand: StandIn): void {
  const { connect, query, end } = pool as unknown as Record<'connect' | 'query' | 'end', Method>;
  replace(pool, 'connect', (...args) =>
    delegate(args, stand.choose, (chosen) => chosen?.connect ?? connect, pool),
  );
  replace(pool, 'query', (...args) =>
    delegate(args, stand.choose, (chosen) => chosen?.query ?? query, pool),
  );
  replace(pool, 'end', (...args) =>
    delegate(
      args,
      () => {
        stand.end();
        return undefined;
      },
      () => end,
      pool,
    ),
  );
  for (const count of COUNTS) {
    const own = Object.getOwnPropertyDescriptor(prototypeWith(pool, count), count);
    Object.defineProperty(pool, count, {
      configurable: true,
      get: () => stand.shown()?.[count] ?? (own?.get?.call(pool) as number | undefined),
    });
  }
}

/** Lets the listeners of an app's pool hear what happens in the pool that stands in for it. */
export function forwardEvents(from: pg.Pool, to: pg.Pool): void {
  for (const event of EVENTS) {
    from.on(event, (...args: unknown[]) => {
      to.emit(event, ...args);
    });
  }
}

/**
 * A small pool of real connections with an app's options; lets the process end while it is idle.
 * @param connectionString where to connect to instead of where the app's pool would
 */
export function realPoolLike({ options }: pg.Pool, connectionString?: string): pg.Pool {
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
  } = options;
  // pg hides the password of a pool from enumeration.
  const password = options.password === undefined ? {} : { password: options.password };
  const real = new pg.Pool({
    ...connection,
    ...password,
    // pg lets the parts of a connection string win over all others.
    ...(connectionString === undefined ? {} : { connectionString }),
    fallback_application_name: options.fallback_application_name ?? APPLICATION_NAME,
    max: REAL_CONNECTIONS,
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is replaced by the next checkout.
  real.on('error', () => undefined);
  return real;
}

/** One at a time is used; another may still be on its way back. */
const REAL_CONNECTIONS = 2;

function replace(pool: pg.Pool, name: string, method: Method): void {
  Object.defineProperty(pool, name, { configurable: true, writable: true, value: method });
}

/** Calls a method of the chosen pool; a refusal reaches the app the way its call hears errors. */
function delegate(
  args: unknown[],
  choose: () => pg.Pool | undefined,
  methodOf: (chosen: pg.Pool | undefined) => unknown,
  own: pg.Pool,
): unknown {
  let chosen: pg.Pool | undefined;
  try {
    chosen = choose();
  } catch (error) {
    return refuse(args, error as Error);
  }
  return (methodOf(chosen) as Method).apply(chosen ?? own, args);
}

function refuse(args: unknown[], error: Error): unknown {
  const callback = args.at(-1);
  if (typeof callback !== 'function') return Promise.reject(error);
  process.nextTick(callback, error);
  return undefined;
}

function prototypeWith(pool: pg.Pool, property: string): object {
  let prototype: object = pool;
  while (!Object.hasOwn(prototype, property))
    prototype = Object.getPrototypeOf(prototype) as object;
  return prototype;
}
