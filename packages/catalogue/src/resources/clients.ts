/** What keeps outgoing connections: HTTP dispatchers, sockets, queues, brokers. */
import { exportsOf, type CheckedResource, type Loan } from '../resource.ts';

const undici = { kind: 'agent', acquiredBy: 'new', checked: '8.12.4' } as const;
/** Keeps connections for the next request, and no process for them. */
const search = { kind: 'agent', acquiredBy: 'new', releasedBy: ['close'] } as const;

const DISPATCHERS: readonly CheckedResource[] = [
  ...exportsOf(
    'undici',
    [
      'Agent',
      'Pool',
      'Client',
      'BalancedPool',
      'RoundRobinPool',
      'ProxyAgent',
      'Socks5ProxyAgent',
      'EnvHttpProxyAgent',
      'RetryAgent',
      'H2CClient',
    ],
    { ...undici, releasedBy: ['close', 'destroy'] },
  ),
  ...exportsOf('undici', ['MockAgent', 'SnapshotAgent'], { ...undici, releasedBy: ['close'] }),
  { module: '@elastic/elasticsearch', export: 'Client', ...search, checked: '9.4.3' },
  { module: '@opensearch-project/opensearch', export: 'Client', ...search, checked: '3.9.0' },
];

/** The other side may end it, so that one left open need not hold anything up. */
const socket = { kind: 'closable', releaseIsAsynchronous: false } as const;

const SOCKETS: readonly CheckedResource[] = [
  ...['node:net', 'node:tls'].flatMap((module) =>
    exportsOf(module, module === 'node:net' ? ['connect', 'createConnection'] : ['connect'], {
      ...socket,
      acquiredBy: 'call',
      releasedBy: ['destroy', 'end', 'destroySoon'],
      checked: '26.10.0',
    }),
  ),
  {
    module: 'node:http2',
    export: 'connect',
    ...socket,
    acquiredBy: 'call',
    releasedBy: ['close', 'destroy'],
    checked: '26.10.0',
  },
  ...exportsOf('ws', ['default', 'WebSocket'], {
    ...socket,
    acquiredBy: 'new',
    releasedBy: ['close', 'terminate'],
    checked: '8.23.0',
  }),
  ...exportsOf('socket.io-client', ['default', 'io', 'connect'], {
    ...socket,
    acquiredBy: 'call',
    releasedBy: ['close', 'disconnect'],
    checked: '4.8.4',
  }),
];

const connection = { kind: 'connection', acquiredBy: 'call' } as const;
const kafkaClient = {
  kind: 'connection',
  openedBy: ['connect'],
  releasedBy: ['disconnect'],
} as const satisfies Omit<Loan, 'method'>;

const BROKERS: readonly CheckedResource[] = [
  ...exportsOf(
    'bullmq',
    ['Queue', 'Worker', 'QueueEvents', 'QueueEventsProducer', 'FlowProducer'],
    {
      kind: 'connection',
      acquiredBy: 'new',
      releasedBy: ['close', 'disconnect'],
      checked: '6.7.0',
    },
  ),
  ...exportsOf('pg-boss', ['default', 'PgBoss'], {
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['start'],
    releasedBy: ['stop'],
    checked: '12.38.0',
  }),
  { module: 'amqplib', export: 'connect', ...connection, releasedBy: ['close'], checked: '2.3.1' },
  ...[
    { module: 'nats', checked: '2.29.3' },
    { module: '@nats-io/transport-node', checked: '3.4.0' },
  ].map((row): CheckedResource => ({
    ...row,
    export: 'connect',
    ...connection,
    releasedBy: ['close', 'drain'],
  })),
  ...exportsOf('mqtt', ['connect', 'connectAsync'], {
    ...connection,
    releasedBy: ['endAsync'],
    releasedAtOnceBy: ['end'],
    checked: '5.16.0',
  }),
  {
    module: 'kafkajs',
    export: 'Kafka',
    kind: 'connection',
    acquiredBy: 'new',
    releasedBy: [],
    lends: ['producer', 'consumer', 'admin'].map((method) => ({ method, ...kafkaClient })),
    checked: '2.2.4',
  },
];

export const CLIENTS: readonly CheckedResource[] = [...DISPATCHERS, ...SOCKETS, ...BROKERS];
