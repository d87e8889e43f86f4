/** Pools, connections and handles of databases. */
import { exportsOf, type Loan, type Resource } from '../resource.ts';

const pgClient: Loan = { method: 'connect', kind: 'client', releasedBy: ['release'] };
const promisedConnection: Loan = {
  method: 'getConnection',
  kind: 'client',
  releasedBy: ['release', 'destroy'],
};
const pool = { kind: 'pool', acquiredBy: 'call' } as const;
const connection = { kind: 'connection', acquiredBy: 'call' } as const;
const handle = { kind: 'handle', releasedBy: ['close'] } as const;
const closedHandle = { ...handle, releaseIsAsynchronous: true } as const;
const drizzle = { ...pool, whenGivenUrl: true } as const;

export const DATABASES: readonly Resource[] = [
  // PostgreSQL
  ...[
    { module: 'pg', export: 'Pool' },
    { module: 'pg-pool', export: 'default' },
  ].map((row): Resource => ({
    ...row,
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['end'],
    lends: [pgClient],
  })),
  {
    module: 'pg',
    export: 'Client',
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['end'],
  },
  {
    module: 'postgres',
    export: 'default',
    ...pool,
    releasedBy: ['end'],
    lends: [{ method: 'reserve', kind: 'client', releasedBy: ['release'] }],
  },
  { module: '@databases/pg', export: 'default', ...pool, releasedBy: ['dispose'] },
  { module: 'slonik', export: 'createPool', ...pool, releasedBy: ['end'] },
  { module: '@electric-sql/pglite', export: 'PGlite', acquiredBy: 'new', ...closedHandle },
  { module: '@electric-sql/pglite', export: 'PGlite.create', acquiredBy: 'call', ...closedHandle },

  // MySQL and MariaDB
  ...['mysql', 'mysql2'].flatMap((module): Resource[] => [
    { module, export: 'createPool', ...pool, releasedBy: ['end'], releaseIsAsynchronous: false },
    {
      module,
      export: 'createConnection',
      ...connection,
      releasedBy: ['end', 'destroy'],
      releaseIsAsynchronous: false,
    },
  ]),
  ...['mysql2/promise', 'mariadb'].flatMap((module): Resource[] => [
    { module, export: 'createPool', ...pool, releasedBy: ['end'], lends: [promisedConnection] },
    {
      module,
      export: 'createConnection',
      ...connection,
      releasedBy: ['end'],
      releasedAtOnceBy: ['destroy'],
    },
  ]),
  { module: '@databases/mysql', export: 'default', ...pool, releasedBy: ['dispose'] },

  // SQLite, and stores in a folder
  { module: 'better-sqlite3', export: 'default', acquiredBy: 'new', ...handle },
  { module: 'node:sqlite', export: 'DatabaseSync', acquiredBy: 'new', ...handle },
  { module: 'sqlite3', export: 'Database', acquiredBy: 'new', ...handle },
  { module: '@libsql/client', export: 'createClient', acquiredBy: 'call', ...handle },
  { module: 'sqlite', export: 'open', acquiredBy: 'call', ...closedHandle },
  { module: 'level', export: 'Level', acquiredBy: 'new', ...closedHandle },
  { module: 'classic-level', export: 'ClassicLevel', acquiredBy: 'new', ...closedHandle },

  // Query builders and ORMs
  ...exportsOf('knex', ['default', 'knex'], { ...pool, releasedBy: ['destroy'] }),
  { module: 'kysely', export: 'Kysely', kind: 'pool', acquiredBy: 'new', releasedBy: ['destroy'] },
  ...['node-postgres', 'postgres-js', 'mysql2'].flatMap((driver) =>
    exportsOf(`drizzle-orm/${driver}`, ['drizzle'], { ...drizzle, releasedBy: ['$client.end'] }),
  ),
  {
    module: '@prisma/client',
    export: 'PrismaClient',
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['$disconnect'],
  },
  {
    module: 'typeorm',
    export: 'DataSource',
    kind: 'pool',
    acquiredBy: 'new',
    openedBy: ['initialize'],
    releasedBy: ['destroy'],
  },
  ...['sequelize', '@sequelize/core'].flatMap((module) =>
    exportsOf(module, module === 'sequelize' ? ['Sequelize', 'default'] : ['Sequelize'], {
      kind: 'pool',
      acquiredBy: 'new',
      releasedBy: ['close'],
    }),
  ),
  ...['core', 'postgresql', 'mysql', 'mariadb', 'mongodb'].flatMap((driver) =>
    exportsOf(`@mikro-orm/${driver}`, ['MikroORM.init'], { ...pool, releasedBy: ['close'] }),
  ),

  // Other databases
  {
    module: 'mongodb',
    export: 'MongoClient',
    kind: 'pool',
    acquiredBy: 'new',
    releasedBy: ['close'],
  },
  { module: 'mongodb', export: 'MongoClient.connect', ...pool, releasedBy: ['close'] },
  { module: 'mongoose', export: 'createConnection', ...pool, releasedBy: ['close', 'destroy'] },
  {
    module: 'mssql',
    export: 'ConnectionPool',
    kind: 'pool',
    acquiredBy: 'new',
    openedBy: ['connect'],
    releasedBy: ['close'],
  },
  { module: 'neo4j-driver', export: 'driver', ...pool, releasedBy: ['close'] },
  ...['ioredis', 'iovalkey'].flatMap((module) =>
    exportsOf(module, ['default', 'Redis', 'Cluster'], {
      kind: 'connection',
      acquiredBy: 'new',
      releasedBy: ['quit'],
      releasedAtOnceBy: ['disconnect'],
    }),
  ),
  ...exportsOf('redis', ['createClient', 'createCluster'], {
    ...connection,
    openedBy: ['connect'],
    releasedBy: ['close', 'quit', 'disconnect'],
    releasedAtOnceBy: ['destroy'],
  }),
];
