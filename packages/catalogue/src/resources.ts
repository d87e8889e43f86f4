/**
 * The resources both detectors know: how each is acquired, and how it is released. Pure data, so
 * that a user extends it by one JSON setting (`settings.savepoint.resources`).
 */
import type { ResourceKind } from './vocabulary.ts';

/** How a resource is acquired from an export of a module. */
export interface Resource {
  /** The module specifier, `pg`. */
  readonly module: string;
  /** The export, `Pool`; `default` is the default export (for CommonJS, the module itself). */
  readonly export: string;
  readonly kind: ResourceKind;
  /** `new`: a constructor. `call`: a function whose result, awaited or not, is the resource. */
  readonly acquiredBy: 'new' | 'call';
  /** Call only: it is a resource of its own only when the first argument is a string (a URL). */
  readonly whenGivenUrl?: boolean;
  /** Methods that release it, the preferred one first, dotted where they lie deeper; none: it needs no release itself. */
  readonly releasedBy: readonly string[];
  /** Whether the release answers a promise that must be awaited; absent: as its kind does. */
  readonly releaseIsAsynchronous?: boolean;
  /** A method that must be called before there is anything to release: a server listens, a connection connects. */
  readonly openedBy?: readonly string[];
  /** Methods before which it keeps nothing alive, though there is something to release: an app listens. Absent: it does at once. */
  readonly keepsAliveOnce?: readonly string[];
  /** Resources taken from this one by a method: `pool.connect()` gives a client. */
  readonly lends?: readonly Loan[];
}

export interface Loan {
  readonly method: string;
  readonly kind: ResourceKind;
  readonly releasedBy: readonly [string, ...string[]];
  /** As for a resource. */
  readonly releaseIsAsynchronous?: boolean;
}

const pgClient: Loan = { method: 'connect', kind: 'client', releasedBy: ['release'] };
/** What `@fastify/postgres` hangs on an app. */
const pluginClient: Loan = { ...pgClient, method: 'pg.connect' };

export const RESOURCES: readonly Resource[] = [
  {
    module: 'pg',
    export: 'Pool',
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['end'],
    lends: [pgClient],
  },
  {
    module: 'pg-pool',
    export: 'default',
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['end'],
    lends: [pgClient],
  },
  {
    module: 'pg',
    export: 'Client',
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['end'],
  },
  {
    module: 'better-sqlite3',
    export: 'default',
    kind: 'handle',
    acquiredBy: 'new',
    releasedBy: ['close'],
  },
  {
    module: 'node:sqlite',
    export: 'DatabaseSync',
    kind: 'handle',
    acquiredBy: 'new',
    releasedBy: ['close'],
  },
  {
    module: 'undici',
    export: 'Agent',
    kind: 'agent',
    acquiredBy: 'new',
    releasedBy: ['close', 'destroy'],
  },
  {
    module: 'undici',
    export: 'Pool',
    kind: 'agent',
    acquiredBy: 'new',
    releasedBy: ['close', 'destroy'],
  },
  {
    module: 'undici',
    export: 'Client',
    kind: 'agent',
    acquiredBy: 'new',
    releasedBy: ['close', 'destroy'],
  },
  {
    module: 'undici',
    export: 'MockAgent',
    kind: 'agent',
    acquiredBy: 'new',
    releasedBy: ['close'],
  },
  {
    module: 'node:http',
    export: 'createServer',
    kind: 'server',
    acquiredBy: 'call',
    openedBy: ['listen'],
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'node:https',
    export: 'createServer',
    kind: 'server',
    acquiredBy: 'call',
    openedBy: ['listen'],
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'node:http2',
    export: 'createServer',
    kind: 'server',
    acquiredBy: 'call',
    openedBy: ['listen'],
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'node:http2',
    export: 'createSecureServer',
    kind: 'server',
    acquiredBy: 'call',
    openedBy: ['listen'],
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'node:net',
    export: 'createServer',
    kind: 'server',
    acquiredBy: 'call',
    openedBy: ['listen'],
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: '@hono/node-server',
    export: 'serve',
    kind: 'server',
    acquiredBy: 'call',
    releasedBy: ['close'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'fastify',
    export: 'default',
    kind: 'app',
    acquiredBy: 'call',
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
    lends: [pluginClient],
  },
  {
    module: 'fastify',
    export: 'fastify',
    kind: 'app',
    acquiredBy: 'call',
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
    lends: [pluginClient],
  },
  {
    module: 'express',
    export: 'default',
    kind: 'app',
    acquiredBy: 'call',
    releasedBy: [],
    lends: [
      { method: 'listen', kind: 'server', releasedBy: ['close'], releaseIsAsynchronous: false },
    ],
  },
  {
    module: 'postgres',
    export: 'default',
    kind: 'pool',
    acquiredBy: 'call',
    releasedBy: ['end'],
    lends: [{ method: 'reserve', kind: 'client', releasedBy: ['release'] }],
  },
  {
    module: 'mysql2',
    export: 'createPool',
    kind: 'pool',
    acquiredBy: 'call',
    releasedBy: ['end'],
    releaseIsAsynchronous: false,
  },
  {
    module: 'mysql2/promise',
    export: 'createPool',
    kind: 'pool',
    acquiredBy: 'call',
    releasedBy: ['end'],
    lends: [{ method: 'getConnection', kind: 'client', releasedBy: ['release', 'destroy'] }],
  },
  {
    module: 'mysql2/promise',
    export: 'createConnection',
    kind: 'connection',
    acquiredBy: 'call',
    releasedBy: ['end', 'destroy'],
  },
  { module: 'knex', export: 'default', kind: 'pool', acquiredBy: 'call', releasedBy: ['destroy'] },
  { module: 'knex', export: 'knex', kind: 'pool', acquiredBy: 'call', releasedBy: ['destroy'] },
  { module: 'kysely', export: 'Kysely', kind: 'pool', acquiredBy: 'new', releasedBy: ['destroy'] },
  {
    module: 'drizzle-orm/node-postgres',
    export: 'drizzle',
    kind: 'pool',
    acquiredBy: 'call',
    whenGivenUrl: true,
    releasedBy: ['$client.end'],
  },
  {
    module: 'drizzle-orm/postgres-js',
    export: 'drizzle',
    kind: 'pool',
    acquiredBy: 'call',
    whenGivenUrl: true,
    releasedBy: ['$client.end'],
  },
  {
    module: '@prisma/client',
    export: 'PrismaClient',
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['$disconnect'],
  },
  {
    module: '@databases/pg',
    export: 'default',
    kind: 'pool',
    acquiredBy: 'call',
    releasedBy: ['dispose'],
  },
  {
    module: 'ioredis',
    export: 'default',
    kind: 'connection',
    acquiredBy: 'new',
    releasedBy: ['quit', 'disconnect'],
  },
  {
    module: 'ioredis',
    export: 'Redis',
    kind: 'connection',
    acquiredBy: 'new',
    releasedBy: ['quit', 'disconnect'],
  },
  {
    module: 'iovalkey',
    export: 'default',
    kind: 'connection',
    acquiredBy: 'new',
    releasedBy: ['quit', 'disconnect'],
  },
  {
    module: 'iovalkey',
    export: 'Redis',
    kind: 'connection',
    acquiredBy: 'new',
    releasedBy: ['quit', 'disconnect'],
  },
  {
    module: '@electric-sql/pglite',
    export: 'PGlite',
    kind: 'handle',
    acquiredBy: 'new',
    releasedBy: ['close'],
    releaseIsAsynchronous: true,
  },
];
