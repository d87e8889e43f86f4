/** Pools, connections and handles of databases. */
import { exportsOf, type CheckedResource, type Loan } from '../resource.ts';

const pgClient: Loan = { method: 'connect', kind: 'client', releasedBy: ['release'] };
const mysqlClient: Loan = {
  method: 'getConnection',
  kind: 'client',
  releasedBy: ['release', 'end', 'destroy'],
};
const pool = { kind: 'pool', acquiredBy: 'call', opensAtFirstUse: true } as const;
const madePool = { ...pool, acquiredBy: 'new' } as const;
/** Connects as soon as it is made. */
const openPool = { kind: 'pool', acquiredBy: 'call' } as const;
const connection = { kind: 'connection', acquiredBy: 'call' } as const;
const handle = { kind: 'handle', releasedBy: ['close'] } as const;
const closedHandle = { ...handle, releaseIsAsynchronous: true } as const;
/** Ended with a callback: there is no promise to await. */
const withCallback = { releaseIsAsynchronous: false } as const;

const POSTGRESQL: readonly CheckedResource[] = [
  ...[
    { module: 'pg', export: 'Pool', checked: '8.23.1' },
    { module: 'pg-pool', export: 'default', checked: '3.14.0' },
    { module: '@neondatabase/serverless', export: 'Pool', checked: '1.2.0' },
  ].map((row): CheckedResource => ({
    ...row,
    ...madePool,
    releasedBy: ['end'],
    lends: [pgClient],
  })),
  ...[
    { module: 'pg', checked: '8.23.1' },
    { module: '@neondatabase/serverless', checked: '1.2.0' },
  ].map((row): CheckedResource => ({
    ...row,
    export: 'Client',
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['end'],
  })),
  {
    module: 'postgres',
    export: 'default',
    ...pool,
    releasedBy: ['end', 'close'],
    lends: [{ method: 'reserve', kind: 'client', releasedBy: ['release'] }],
    checked: '3.4.9',
  },
  {
    module: '@databases/pg',
    export: 'default',
    ...pool,
    releasedBy: ['dispose'],
    checked: '6.1.0',
  },
  { module: 'slonik', export: 'createPool', ...openPool, releasedBy: ['end'], checked: '49.10.9' },
  ...[
    { export: 'PGlite', acquiredBy: 'new' } as const,
    { export: 'PGlite.create', acquiredBy: 'call' } as const,
  ].map((row): CheckedResource => ({
    module: '@electric-sql/pglite',
    ...row,
    ...closedHandle,
    checked: '0.5.16',
  })),
];

const MYSQL: readonly CheckedResource[] = [
  ...[
    { module: 'mysql', checked: '2.18.1' },
    { module: 'mysql2', checked: '3.24.6' },
  ].flatMap(({ module, checked }) =>
    exportsOf(module, ['createPool', 'createPoolCluster'], {
      ...pool,
      ...withCallback,
      releasedBy: ['end'],
      checked,
    }),
  ),
  {
    module: 'mysql',
    export: 'createConnection',
    ...connection,
    ...withCallback,
    opensAtFirstUse: true,
    releasedBy: ['end', 'destroy'],
    checked: '2.18.1',
  },
  {
    module: 'mysql2',
    export: 'createConnection',
    ...connection,
    ...withCallback,
    releasedBy: ['end', 'destroy', 'close'],
    checked: '3.24.6',
  },
  {
    module: 'mysql2/promise',
    export: 'createPool',
    ...pool,
    releasedBy: ['end'],
    lends: [mysqlClient],
    checked: '3.24.6',
  },
  {
    module: 'mysql2/promise',
    export: 'createConnection',
    ...connection,
    releasedBy: ['end'],
    releasedAtOnceBy: ['destroy'],
    checked: '3.24.6',
  },
  {
    module: 'mariadb',
    export: 'createPool',
    ...openPool,
    releasedBy: ['end'],
    lends: [mysqlClient],
    checked: '3.5.4',
  },
  {
    module: 'mariadb',
    export: 'createConnection',
    ...connection,
    releasedBy: ['end', 'close'],
    releasedAtOnceBy: ['destroy'],
    checked: '3.5.4',
  },
  ...[
    { module: 'mysql2/promise', checked: '3.24.6' },
    { module: 'mariadb', checked: '3.5.4' },
  ].map((row): CheckedResource => ({
    ...row,
    export: 'createPoolCluster',
    ...pool,
    releasedBy: ['end'],
    lends: [mysqlClient],
  })),
  {
    module: '@databases/mysql',
    export: 'default',
    ...pool,
    releasedBy: ['dispose'],
    checked: '7.1.0',
  },
];

/** SQLite, and stores in a folder. */
const FILES: readonly CheckedResource[] = [
  {
    module: 'better-sqlite3',
    export: 'default',
    acquiredBy: 'new',
    ...handle,
    checked: '13.2.0',
  },
  {
    module: 'node:sqlite',
    export: 'DatabaseSync',
    acquiredBy: 'new',
    ...handle,
    checked: '26.10.0',
  },
  { module: 'sqlite3', export: 'Database', acquiredBy: 'new', ...handle, checked: '6.0.1' },
  { module: 'libsql', export: 'default', acquiredBy: 'new', ...handle, checked: '0.5.29' },
  {
    module: '@libsql/client',
    export: 'createClient',
    acquiredBy: 'call',
    ...handle,
    checked: '0.18.0',
  },
  { module: 'sqlite', export: 'open', acquiredBy: 'call', ...closedHandle, checked: '5.1.1' },
  { module: 'level', export: 'Level', acquiredBy: 'new', ...closedHandle, checked: '10.0.0' },
  {
    module: 'classic-level',
    export: 'ClassicLevel',
    acquiredBy: 'new',
    ...closedHandle,
    checked: '3.0.0',
  },
];

/** Over the client that it makes of a URL; given one, it owns nothing. */
const drizzle = { acquiredBy: 'call', whenGivenUrl: true, checked: '0.45.4' } as const;
const drizzlePool = { ...drizzle, ...pool, releasedBy: ['$client.end'] } as const;
const drizzleHandle = { ...drizzle, kind: 'handle', releasedBy: ['$client.close'] } as const;

const QUERY_BUILDERS: readonly CheckedResource[] = [
  ...exportsOf('knex', ['default', 'knex'], {
    ...pool,
    releasedBy: ['destroy'],
    checked: '3.3.0',
  }),
  { module: 'kysely', export: 'Kysely', ...madePool, releasedBy: ['destroy'], checked: '0.29.9' },
  ...['node-postgres', 'postgres-js', 'neon-serverless'].flatMap((driver) =>
    exportsOf(`drizzle-orm/${driver}`, ['drizzle'], drizzlePool),
  ),
  { module: 'drizzle-orm/mysql2', export: 'drizzle', ...drizzlePool, ...withCallback },
  ...['better-sqlite3', 'libsql'].flatMap((driver) =>
    exportsOf(`drizzle-orm/${driver}`, ['drizzle'], drizzleHandle),
  ),
  {
    module: 'drizzle-orm/pglite',
    export: 'drizzle',
    ...drizzleHandle,
    releaseIsAsynchronous: true,
  },
  {
    module: '@prisma/client',
    export: 'PrismaClient',
    ...madePool,
    releasedBy: ['$disconnect'],
    checked: '7.10.0',
  },
  {
    module: 'typeorm',
    export: 'DataSource',
    kind: 'pool',
    acquiredBy: 'new',
    openedBy: ['initialize'],
    releasedBy: ['destroy'],
    checked: '1.1.1',
  },
  ...exportsOf('sequelize', ['Sequelize', 'default'], {
    ...madePool,
    releasedBy: ['close'],
    checked: '6.37.8',
  }),
  {
    module: '@sequelize/core',
    export: 'Sequelize',
    ...madePool,
    releasedBy: ['close'],
    checked: '7.0.0-alpha.48',
  },
  ...[
    { module: '@mikro-orm/core', checked: '7.2.2' },
    { module: '@mikro-orm/postgresql', checked: '7.2.1' },
    { module: '@mikro-orm/mysql', checked: '7.2.1' },
    { module: '@mikro-orm/mariadb', checked: '7.2.1' },
    { module: '@mikro-orm/mongodb', checked: '7.2.2' },
  ].map((row): CheckedResource => ({
    ...row,
    export: 'MikroORM.init',
    ...pool,
    releasedBy: ['close'],
  })),
];

const OTHERS: readonly CheckedResource[] = [
  {
    module: 'mongodb',
    export: 'MongoClient',
    ...madePool,
    releasedBy: ['close'],
    checked: '7.9.0',
  },
  {
    module: 'mongodb',
    export: 'MongoClient.connect',
    ...openPool,
    releasedBy: ['close'],
    checked: '7.9.0',
  },
  {
    module: 'mongoose',
    export: 'createConnection',
    ...openPool,
    releasedBy: ['close', 'destroy'],
    checked: '9.12.1',
  },
  {
    module: 'mssql',
    export: 'ConnectionPool',
    kind: 'pool',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['close'],
    checked: '12.7.14',
  },
  {
    module: 'tedious',
    export: 'Connection',
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['close'],
    ...withCallback,
    checked: '19.2.2',
  },
  {
    module: 'oracledb',
    export: 'createPool',
    ...pool,
    releasedBy: ['close', 'terminate'],
    lends: [
      {
        method: 'getConnection',
        kind: 'client',
        releasedBy: ['close', 'release'],
        releaseIsAsynchronous: true,
      },
    ],
    checked: '26.0.0',
  },
  {
    module: 'cassandra-driver',
    export: 'Client',
    ...madePool,
    releasedBy: ['shutdown'],
    checked: '4.10.0',
  },
  { module: 'neo4j-driver', export: 'driver', ...pool, releasedBy: ['close'], checked: '6.3.0' },
  ...[
    { module: 'ioredis', names: ['default', 'Redis'], checked: '6.0.0' },
    { module: 'iovalkey', names: ['default', 'Redis', 'Valkey'], checked: '0.4.0' },
  ].flatMap(({ module, names, checked }) => [
    ...exportsOf(module, names, {
      kind: 'connection',
      acquiredBy: 'new',
      releasedBy: ['quit'],
      releasedAtOnceBy: ['disconnect', 'end'],
      opensAtFirstUseWith: ['lazyConnect'],
      checked,
    }),
    ...exportsOf(module, ['Cluster'], {
      kind: 'connection',
      acquiredBy: 'new',
      releasedBy: ['quit'],
      releasedAtOnceBy: ['disconnect'],
      opensAtFirstUseWith: ['lazyConnect'],
      checked,
    }),
  ]),
  ...exportsOf('redis', ['createClient', 'createCluster'], {
    ...connection,
    openedBy: ['connect'],
    releasedBy: ['close', 'quit', 'disconnect'],
    releasedAtOnceBy: ['destroy'],
    checked: '6.3.1',
  }),
  {
    module: 'redis',
    export: 'createClientPool',
    kind: 'pool',
    acquiredBy: 'call',
    openedBy: ['connect'],
    releasedBy: ['close'],
    releasedAtOnceBy: ['destroy'],
    checked: '6.3.1',
  },
  {
    module: 'redis',
    export: 'createSentinel',
    ...connection,
    openedBy: ['connect'],
    releasedBy: ['close', 'destroy'],
    checked: '6.3.1',
  },
];

export const DATABASES: readonly CheckedResource[] = [
  ...POSTGRESQL,
  ...MYSQL,
  ...FILES,
  ...QUERY_BUILDERS,
  ...OTHERS,
];
