/**
 * The one file of the watch that knows the insides of `pg` and `pg-pool`. It says what a pool or
 * client does, and to whom; what that means is decided elsewhere.
 */
import { openShared } from '../ambient-test.ts';
import { captureTrace, isOwnCall, type Trace } from '../trace.ts';
import { ambient, type Ambient } from './node-test.ts';
import { whenLoaded } from './loaded-modules.ts';
import { noteAwaiting } from './awaited.ts';
import { before, wrap } from './wrap.ts';

/** A pool of pg-pool, as far as savepoint reads it. */
export interface Pool {
  readonly options: {
    readonly allowExitOnIdle?: boolean;
    readonly connectionString?: string;
    readonly database?: string;
  };
  readonly ending: boolean;
  readonly ended: boolean;
  readonly totalCount: number;
}

/** A client of pg. */
export interface Client {
  readonly database?: string;
  readonly _connected?: boolean;
  readonly _ending?: boolean;
  readonly _ended?: boolean;
}

/** A call of the user's: who made it and where. */
export interface Call extends Ambient {
  readonly at: Trace;
}

/** Something asked of a pool that takes a client: a query of its own, or a checkout. */
export interface Request extends Call {
  readonly pool: Pool;
  readonly kind: 'query' | 'connect';
}

/** What the driver does. Savepoint's own pools and clients are left out. */
export interface PgEvents {
  poolMade(pool: Pool, call: Call): void;
  /** The pool opens one more connection. */
  poolConnects(pool: Pool): void;
  /** Called before the pool knows of it. */
  requested(request: Request): void;
  clientTaken(client: Client, request: Request): void;
  clientReleased(client: Client, call: Call): void;
  poolEnds(pool: Pool, call: Call): void;
  clientConnects(client: Client, call: Call): void;
  clientEnds(client: Client, call: Call): void;
  /** The first `end()` of a pool or client has begun and answered this. */
  ending(resource: Pool | Client, answer: unknown, call: Call): void;
  /** A statement is sent, through a pool or over a client that the user holds. */
  statement(over: Pool | Client, text: string, call: Call, database: string | undefined): void;
}

/** Pools and clients that savepoint itself made. */
const own = new WeakSet<object>();
/** Clients that a pool made. */
const pooled = new WeakSet<Client>();
/** pg-pool's items in its queue, each with who asked. */
const requests = new WeakMap<object, Request>();
const requestOfClient = new WeakMap<Client, Request>();
const items = new WeakMap<Request, Item>();
const answered = new WeakSet<Request>();
/** Set while a pool opens a connection. */
let poolConnecting = false;

/** A place in the queue of a pool. */
interface Item {
  /** True once the wait was given up. */
  readonly timedOut?: boolean;
}

/** Whether the request still waits for its answer; a query has it when its client is back in the pool. */
export function isPending(request: Request): boolean {
  return !answered.has(request) && items.get(request)?.timedOut !== true;
}

/** Begins to watch every copy of pg that is loaded from now on. */
export function watchPg(listeners: readonly Partial<PgEvents>[]): void {
  const events = toAll(listeners);
  whenLoaded('pg-pool/index.js', (exported) => watchPools(prototypeOf(exported), events));
  whenLoaded('pg/lib/client.js', (exported) => watchClients(prototypeOf(exported), events));
}

/** One listener that tells all. */
function toAll(listeners: readonly Partial<PgEvents>[]): PgEvents {
  return {
    poolMade: (...event) => listeners.forEach((to) => to.poolMade?.(...event)),
    poolConnects: (...event) => listeners.forEach((to) => to.poolConnects?.(...event)),
    requested: (...event) => listeners.forEach((to) => to.requested?.(...event)),
    clientTaken: (...event) => listeners.forEach((to) => to.clientTaken?.(...event)),
    clientReleased: (...event) => listeners.forEach((to) => to.clientReleased?.(...event)),
    poolEnds: (...event) => listeners.forEach((to) => to.poolEnds?.(...event)),
    clientConnects: (...event) => listeners.forEach((to) => to.clientConnects?.(...event)),
    clientEnds: (...event) => listeners.forEach((to) => to.clientEnds?.(...event)),
    ending: (...event) => listeners.forEach((to) => to.ending?.(...event)),
    statement: (...event) => listeners.forEach((to) => to.statement?.(...event)),
  };
}

function watchPools(prototype: object, events: PgEvents): void {
  watchConstruction(prototype, (pool, call) => events.poolMade(pool, call));
  watchRequests(prototype, events);
  before(prototype, '_release', function (this: unknown, [client]) {
    const request = requestOfClient.get(client as Client);
    requestOfClient.delete(client as Client);
    if (request?.kind === 'query') answered.add(request);
    else if (request) events.clientReleased(client as Client, call());
  });
  wrap(
    prototype,
    'end',
    (original) =>
      function (this: unknown, ...args) {
        const pool = this as Pool;
        if (own.has(pool)) return original.apply(this, args);
        const first = !pool.ending;
        const ender = call();
        events.poolEnds(pool, ender);
        const answer = noteAwaiting(() => original.apply(this, args));
        if (first) events.ending(pool, answer, ender);
        return answer;
      },
  );
}

/**
 * The constructor assigns `options` first: a setter on the prototype sees every pool being made, of
 * whatever subclass, and leaves the class what it was.
 */
function watchConstruction(prototype: object, made: (pool: Pool, call: Call) => void): void {
  Object.defineProperty(prototype, 'options', {
    configurable: true,
    set(this: Pool, value: unknown) {
      Object.defineProperty(this, 'options', {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
      if (isOwnCall()) own.add(this);
      else made(this, call());
    },
  });
}

function watchRequests(prototype: object, events: PgEvents): void {
  /** Set while `pool.query` calls `connect`, and while `connect` may call `newClient`. */
  let asking: Request | undefined;

  wrap(
    prototype,
    'query',
    (original) =>
      function (this: unknown, ...args) {
        const pool = this as Pool;
        if (own.has(pool)) return original.apply(this, args);
        const request: Request = { ...call(), pool, kind: 'query' };
        events.requested(request);
        const text = textOf(args[0]);
        if (text !== undefined) events.statement(pool, text, request, databaseOf(pool.options));
        return during(request, () => original.apply(this, args));
      },
  );
  wrap(
    prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        const pool = this as Pool & { readonly _pendingQueue?: Item[] };
        if (own.has(pool) || (!asking && isOwnCall())) return original.apply(this, args);
        const request: Request = asking ?? { ...call(), pool, kind: 'connect' };
        if (!asking) events.requested(request);
        const result = during(request, () => original.apply(this, args));
        const queued = pool._pendingQueue?.at(-1);
        if (queued && !requests.has(queued)) follow(queued, request);
        else if (pool.ending) answered.add(request);
        return result;
      },
  );
  wrap(
    prototype,
    'newClient',
    (original) =>
      function (this: unknown, ...args) {
        const item = args[0] as Item;
        if (asking && !requests.has(item)) follow(item, asking);
        if (!own.has(this as Pool)) events.poolConnects(this as Pool);
        poolConnecting = true;
        try {
          return openShared(() => original.apply(this, args));
        } finally {
          poolConnecting = false;
        }
      },
  );
  before(prototype, '_acquireClient', function (this: unknown, [client, item]) {
    const request = requests.get(item as Item);
    if (!request || !isPending(request)) return;
    requestOfClient.set(client as Client, request);
    if (request.kind === 'connect') events.clientTaken(client as Client, request);
  });

  function during<T>(request: Request, ask: () => T): T {
    const outer = asking;
    asking = request;
    try {
      return ask();
    } finally {
      asking = outer;
    }
  }
}

/** Ties pg-pool's item in the queue to who asked, and sees it answered. */
function follow(item: Item, request: Request): void {
  requests.set(item, request);
  items.set(request, item);
  wrap(
    item,
    'callback',
    (original) =>
      function (this: unknown, ...args) {
        // A query is answered when its client comes back; a checkout, and an error, here.
        if (request.kind === 'connect' || args[0]) answered.add(request);
        return original.apply(this, args);
      },
  );
}

function watchClients(prototype: object, events: PgEvents): void {
  /** Whether a client is a connection of its own, and nobody's but the user's. */
  const isStandalone = (client: Client) => !own.has(client) && !pooled.has(client);

  wrap(
    prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        if (poolConnecting) pooled.add(this as Client);
        else if (isOwnCall()) own.add(this as Client);
        else events.clientConnects(this as Client, call());
        return openShared(() => original.apply(this, args));
      },
  );
  wrap(
    prototype,
    'end',
    (original) =>
      function (this: unknown, ...args) {
        const client = this as Client;
        if (!isStandalone(client)) return original.apply(this, args);
        const first = client._ending !== true;
        const ender = call();
        events.clientEnds(client, ender);
        const answer = noteAwaiting(() => original.apply(this, args));
        if (first) events.ending(client, answer, ender);
        return answer;
      },
  );
  before(prototype, 'query', function (this: unknown, args) {
    const client = this as Client;
    const request = requestOfClient.get(client);
    const held = request ? request.kind === 'connect' : isStandalone(client);
    const text = textOf(args[0]);
    if (held && text !== undefined) events.statement(client, text, call(), client.database);
  });
}

function call(): Call {
  return { ...ambient(), at: captureTrace() };
}

/** The database that a pool connects to, where its options name one. */
function databaseOf({ connectionString, database }: Pool['options']): string | undefined {
  // pg lets the connection string win.
  return /^[^?]*\/\/[^/?]*\/([^?]+)/.exec(connectionString ?? '')?.[1] ?? database;
}

/** The text of a query given as text, as a configuration or as a `Query`, `Cursor` or stream. */
function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') return query;
  const { text } = Object(query) as { text?: unknown };
  return typeof text === 'string' ? text : undefined;
}

/** The prototype of a class that a CommonJS module exports as itself. */
function prototypeOf(exported: unknown): object {
  const { prototype } = exported as { readonly prototype: object };
  return prototype;
}
