/**
 * The one file of the watch that knows the insides of `pg` and `pg-pool`. It says what a pool or
 * client does, and to whom; what that means is decided elsewhere.
 */
import { errorMonitor, type EventEmitter } from 'node:events';
import { openShared } from '../ambient-test.ts';
import { captureTrace, isOwnCall, isPackageCall, type Trace } from '../trace.ts';
import { observeCallback } from './async-context.ts';
import { ambient, type Ambient } from './node-test.ts';
import { whenLoaded } from './loaded-modules.ts';
import { noteAwaiting } from './awaited.ts';
import { before, quietly, wrap } from './wrap.ts';

/** A pool of pg-pool, as far as savepoint reads it. */
export interface Pool {
  readonly options: {
    readonly allowExitOnIdle?: boolean;
    readonly connectionString?: string;
    readonly database?: string;
    readonly max: number;
  };
  readonly ending: boolean;
  readonly ended: boolean;
  readonly totalCount: number;
  readonly _pendingQueue?: readonly Item[];
}

/** A client of pg. */
export interface Client {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly database?: string;
  readonly password?: string | null;
  readonly ssl?: unknown;
  /** The server's name for the session, once there is one. */
  readonly processID: number | null;
  readonly _connected?: boolean;
  readonly _ending?: boolean;
  readonly _ended?: boolean;
  readonly _activeQuery?: object | null;
  readonly _queryQueue?: readonly object[];
  readonly _sentQueryQueue?: readonly object[];
  readonly connection?: { readonly parsedStatements?: Readonly<Record<string, unknown>> };
}

/** What the watch uses of a client of its own. */
export interface PlainClient {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  query(text: string, values: readonly unknown[]): Promise<{ readonly rows: readonly object[] }>;
  end(): Promise<void>;
}

/** What a server or driver says when something fails. */
export interface Failure {
  readonly message: string;
  /** The SQLSTATE. */
  readonly code?: string;
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

/** A statement on its way over a connection, through a pool or not. */
export interface Sent extends Call {
  readonly client: Client;
  readonly text: string | undefined;
  /** Of a prepared statement. */
  readonly name: string | undefined;
}

/** An `error` event about a connection. */
export interface Broken {
  /** Who emits it: the pool that the client is idle in, or the client. */
  readonly holder: Pool | Client;
  readonly client: Client;
  readonly error: Failure;
  /** How many listen; with none, the error is thrown. */
  readonly listeners: number;
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
  /** The server answered a statement with an error. */
  failed(sent: Sent, error: Failure): void;
  /** A connection broke, and whoever holds it emits the error. */
  broke(broken: Broken): void;
}

/** Pools and clients that savepoint itself made. */
const own = new WeakSet<object>();
/** Clients that a pool made, each with its pool. */
const pooled = new WeakMap<Client, Pool>();
/** Connections of the user's that are open, or about to be. */
const connections = new Set<Client>();
/** Where pools were made, and connections of their own opened. */
const origins = new WeakMap<Pool | Client, Call>();
const sentQueries = new WeakMap<object, Sent>();
/** pg-pool's items in its queue, each with who asked. */
const requests = new WeakMap<object, Request>();
const requestOfClient = new WeakMap<Client, Request>();
const items = new WeakMap<Request, Item>();
const unanswered = new Set<Request>();
/** The pool that opens a connection at this moment. */
let connecting: Pool | undefined;

/** A place in the queue of a pool. */
interface Item {
  /** True once the wait was given up. */
  readonly timedOut?: boolean;
}

/** What still waits for its answer; a query has it when its client is back in the pool. */
export function pendingRequests(): Request[] {
  for (const request of unanswered)
    if (items.get(request)?.timedOut === true) unanswered.delete(request);
  return [...unanswered];
}

/** Who has a client of the pool now. */
export function holdersOf(pool: Pool): Request[] {
  return openConnections()
    .map((client) => requestOfClient.get(client))
    .filter((request) => request?.pool === pool) as Request[];
}

/** Whether the request stands in the queue for a client of a pool that has no more to give. */
export function isQueued(request: Request): boolean {
  const item = items.get(request);
  return item !== undefined && request.pool._pendingQueue?.includes(item) === true;
}

/** The user's connections that are open, or about to be. */
export function openConnections(): Client[] {
  for (const client of connections) if (client._ended === true) connections.delete(client);
  return [...connections];
}

/** The pool a connection belongs to, if any. */
export function poolOf(client: Client): Pool | undefined {
  return pooled.get(client);
}

/** A client of the watch's own, of the driver that the user's client is of, not connected yet. */
export function anotherLike(client: Client, options: object): PlainClient {
  const { host, port, user, database, password, ssl } = client;
  const Driver = client.constructor as new (options: object) => PlainClient & Client;
  const another = new Driver({ host, port, user, database, password, ssl, ...options });
  own.add(another);
  return another;
}

/** Where a pool was made, or a connection of its own opened. */
export function originOf(resource: Pool | Client): Call | undefined {
  return origins.get(resource);
}

/** Who has a pooled client now, or opened a connection of its own. */
export function holderOf(client: Client): Call | undefined {
  return requestOfClient.get(client) ?? origins.get(pooled.get(client) ?? client);
}

/** Whether the server has prepared a statement of this name on the connection. */
export function hasParsed({ connection }: Client, name: string): boolean {
  return Object.hasOwn(connection?.parsedStatements ?? {}, name);
}

/** The statement that the server is answering on a connection. */
export function underWay(client: Client): Sent | undefined {
  return client._activeQuery ? sentQueries.get(client._activeQuery) : undefined;
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
    failed: (...event) => listeners.forEach((to) => to.failed?.(...event)),
    broke: (...event) => listeners.forEach((to) => to.broke?.(...event)),
  };
}

function watchPools(prototype: object, events: PgEvents): void {
  watchConstruction(prototype, (pool, call) => {
    origins.set(pool, call);
    watchErrors(pool, events);
    events.poolMade(pool, call);
  });
  watchRequests(prototype, events);
  before(prototype, '_release', function (this: unknown, [client]) {
    const request = requestOfClient.get(client as Client);
    requestOfClient.delete(client as Client);
    if (request?.kind === 'query') unanswered.delete(request);
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
        unanswered.add(request);
        events.requested(request);
        const text = textOf(args[0]);
        if (text !== undefined) events.statement(pool, text, request, databaseOf(pool.options));
        const asked = observeCallbacks(args, request);
        return during(request, () => original.apply(this, asked));
      },
  );
  wrap(
    prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        const pool = this as Pool;
        if (own.has(pool) || (!asking && isOwnCall())) return original.apply(this, args);
        const request: Request = asking ?? { ...call(), pool, kind: 'connect' };
        if (!asking) {
          unanswered.add(request);
          events.requested(request);
        }
        const asked = asking ? args : observeCallbacks(args, request);
        const result = during(request, () => original.apply(this, asked));
        const queued = pool._pendingQueue?.at(-1);
        if (queued && !requests.has(queued)) follow(queued, request);
        else if (pool.ending) unanswered.delete(request);
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
        connecting = this as Pool;
        try {
          return openShared(() => original.apply(this, args));
        } finally {
          connecting = undefined;
        }
      },
  );
  before(prototype, '_acquireClient', function (this: unknown, [client, item]) {
    const request = requests.get(item as Item);
    if (!request || !unanswered.has(request) || (item as Item).timedOut === true) return;
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
        if (request.kind === 'connect' || args[0]) unanswered.delete(request);
        return original.apply(this, args);
      },
  );
}

function watchClients(prototype: object, events: PgEvents): void {
  const isUsers = (client: Client) => !own.has(client) && !own.has(pooled.get(client) ?? client);
  /** Whether a client is a connection of its own, and nobody's but the user's. */
  const isStandalone = (client: Client) => !own.has(client) && !pooled.has(client);

  wrap(
    prototype,
    'connect',
    (original) =>
      function (this: unknown, ...args) {
        const client = this as Client;
        quietly(() => {
          if (connecting) pooled.set(client, connecting);
          else if (own.has(client) || isOwnCall()) own.add(client);
          else opened(client, call());
          if (isUsers(client)) keep(client);
        });
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
  wrap(
    prototype,
    'query',
    (original) =>
      function (this: unknown, ...args) {
        const client = this as Client;
        const by = senderOf(client);
        const text = textOf(args[0]);
        quietly(() => {
          if (by && !requestIsQuery(client) && text !== undefined)
            events.statement(client, text, by, client.database);
        });
        const result = original.apply(
          this,
          by && !requestIsQuery(client) ? observeCallbacks(args, by) : args,
        );
        const query = newestQuery(client, args[0]);
        if (by && query && !sentQueries.has(query)) {
          const { name } = Object(args[0]) as { name?: string };
          sentQueries.set(query, { ...by, client, text, name });
        }
        return result;
      },
  );
  before(prototype, '_handleErrorMessage', function (this: unknown, [error]) {
    const sent = underWay(this as Client);
    if (sent) events.failed(sent, error as Failure);
  });

  function opened(client: Client, by: Call): void {
    origins.set(client, by);
    events.clientConnects(client, by);
  }

  function keep(client: Client): void {
    connections.add(client);
    watchErrors(client, events);
  }

  /** Who sends a statement over a client: whoever asked the pool for it, or has the client. */
  function senderOf(client: Client): Call | undefined {
    if (requestIsQuery(client)) return requestOfClient.get(client);
    return requestOfClient.has(client) || isStandalone(client) ? call() : undefined;
  }
}

/** Whether a pool has taken the client for one query. */
function requestIsQuery(client: Client): boolean {
  return requestOfClient.get(client)?.kind === 'query';
}

/** The callback that the user's own code gave, observed; those of libraries settle their promises. */
function observeCallbacks(args: unknown[], given: Call): unknown[] {
  const last = args.findLastIndex((argument) => typeof argument === 'function');
  if (last === -1 || given.scope.scope === 'file' || isPackageCall()) return args;
  return args.with(last, observeCallback(args[last] as () => unknown, given));
}

/** What the driver made of a query that it was just given. */
function newestQuery(client: Client, given: unknown): object | null | undefined {
  if (typeof (Object(given) as { submit?: unknown }).submit === 'function') return given as object;
  return client._queryQueue?.at(-1) ?? client._sentQueryQueue?.at(-1) ?? client._activeQuery;
}

/** A monitor, because a listener for the error itself would keep it from being thrown. */
function watchErrors(holder: Pool | Client, events: PgEvents): void {
  const emitter = holder as unknown as EventEmitter;
  emitter.on(errorMonitor, (error: Failure, client: Client = holder as Client) => {
    const listeners = emitter.listenerCount('error');
    quietly(() => events.broke({ holder, client, error, listeners }));
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
