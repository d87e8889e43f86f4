/** What keeps outgoing connections: HTTP dispatchers, queues, brokers. */
import { exportsOf, type Resource } from '../resource.ts';

const queue = { kind: 'connection', releasedBy: ['close'] } as const;

export const CLIENTS: readonly Resource[] = [
  ...exportsOf(
    'undici',
    [
      'Agent',
      'Pool',
      'Client',
      'BalancedPool',
      'RoundRobinPool',
      'ProxyAgent',
      'EnvHttpProxyAgent',
      'RetryAgent',
      'H2CClient',
    ],
    { kind: 'agent', acquiredBy: 'new', releasedBy: ['close', 'destroy'] },
  ),
  ...exportsOf('undici', ['MockAgent', 'SnapshotAgent'], {
    kind: 'agent',
    acquiredBy: 'new',
    releasedBy: ['close'],
  }),
  ...exportsOf('bullmq', ['Queue', 'Worker', 'QueueEvents', 'FlowProducer'], {
    acquiredBy: 'new',
    ...queue,
  }),
  ...exportsOf('pg-boss', ['default', 'PgBoss'], {
    kind: 'connection',
    acquiredBy: 'new',
    openedBy: ['start'],
    releasedBy: ['stop'],
  }),
  { module: 'amqplib', export: 'connect', acquiredBy: 'call', ...queue },
  {
    module: 'nats',
    export: 'connect',
    kind: 'connection',
    acquiredBy: 'call',
    releasedBy: ['close', 'drain'],
  },
  {
    module: 'mqtt',
    export: 'connectAsync',
    kind: 'connection',
    acquiredBy: 'call',
    releasedBy: ['endAsync'],
    releasedAtOnceBy: ['end'],
  },
];
