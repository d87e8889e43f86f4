/** What listens, and the applications around it. */
import { exportsOf, type CheckedResource, type Loan } from '../resource.ts';

/** Closed with a callback: there is no promise to await. */
const listening = { kind: 'server', releasedBy: ['close'], releaseIsAsynchronous: false } as const;
const listen: Loan = { method: 'listen', ...listening };
const pgClient = { kind: 'client', releasedBy: ['release'] } as const;
const NODE = '26.10.0';

const NODE_SERVERS: Readonly<Record<string, readonly string[]>> = {
  'node:http': ['createServer'],
  'node:https': ['createServer'],
  'node:http2': ['createServer', 'createSecureServer'],
  'node:net': ['createServer'],
  'node:tls': ['createServer'],
};

const OF_NODE: readonly CheckedResource[] = [
  ...Object.entries(NODE_SERVERS).flatMap(([module, names]) =>
    exportsOf(module, names, {
      acquiredBy: 'call',
      openedBy: ['listen'],
      ...listening,
      checked: NODE,
    }),
  ),
  ...['node:http', 'node:https', 'node:net'].flatMap((module) =>
    exportsOf(module, ['Server'], {
      acquiredBy: 'new',
      openedBy: ['listen'],
      ...listening,
      checked: NODE,
    }),
  ),
  {
    module: 'node:dgram',
    export: 'createSocket',
    acquiredBy: 'call',
    // What is sent without a port of its own takes a free one first.
    openedBy: ['bind', 'send', 'connect'],
    ...listening,
    checked: NODE,
  },
];

const hapi = {
  kind: 'app',
  openedBy: ['start', 'initialize'],
  keepsAliveOnce: ['start'],
  releasedBy: ['stop'],
  checked: '21.4.10',
} as const;
const nest = { kind: 'app', acquiredBy: 'call', releasedBy: ['close'], checked: '12.5.1' } as const;

const FRAMEWORKS: readonly CheckedResource[] = [
  {
    module: '@hono/node-server',
    export: 'serve',
    acquiredBy: 'call',
    ...listening,
    checked: '2.1.8',
  },
  {
    module: '@hono/node-server',
    export: 'createAdaptorServer',
    acquiredBy: 'call',
    openedBy: ['listen'],
    ...listening,
    checked: '2.1.8',
  },
  ...exportsOf('fastify', ['default', 'fastify'], {
    kind: 'app',
    acquiredBy: 'call',
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
    // What `@fastify/postgres` hangs on an app, with and without a name.
    lends: [
      { method: 'pg.connect', ...pgClient },
      { method: 'pg.*.connect', ...pgClient },
    ],
    checked: '5.12.8',
  }),
  {
    module: 'express',
    export: 'default',
    kind: 'app',
    acquiredBy: 'call',
    releasedBy: [],
    lends: [listen],
    checked: '5.3.0',
  },
  {
    module: 'koa',
    export: 'default',
    kind: 'app',
    acquiredBy: 'new',
    releasedBy: [],
    lends: [listen],
    checked: '3.3.0',
  },
  { module: '@hapi/hapi', export: 'server', acquiredBy: 'call', ...hapi },
  { module: '@hapi/hapi', export: 'Server', acquiredBy: 'new', ...hapi },
  ...exportsOf('@nestjs/core', ['NestFactory.create', 'NestFactory.createMicroservice'], {
    ...nest,
    keepsAliveOnce: ['listen', 'startAllMicroservices'],
  }),
  {
    module: '@nestjs/core',
    export: 'NestFactory.createApplicationContext',
    ...nest,
    keepsAliveOnce: [],
  },
  {
    module: '@apollo/server',
    export: 'ApolloServer',
    kind: 'app',
    acquiredBy: 'new',
    openedBy: ['start'],
    // Others listen for it.
    keepsAliveOnce: [],
    releasedBy: ['stop'],
    checked: '5.5.1',
  },
  {
    module: 'vite',
    export: 'createServer',
    kind: 'server',
    acquiredBy: 'call',
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
    checked: '8.3.8',
  },
];

/** Sockets and other protocols. */
const PROTOCOLS: readonly CheckedResource[] = [
  ...exportsOf('ws', ['WebSocketServer', 'Server'], {
    acquiredBy: 'new',
    // With these it serves through a server that somebody else closes.
    exceptWith: ['noServer', 'server'],
    ...listening,
    checked: '8.23.0',
  }),
  {
    module: 'socket.io',
    export: 'Server',
    kind: 'server',
    acquiredBy: 'new',
    // Given a server, it lives as long as that, which somebody else may close.
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
    checked: '4.8.4',
  },
  {
    module: '@grpc/grpc-js',
    export: 'Server',
    acquiredBy: 'new',
    openedBy: ['bindAsync', 'start'],
    ...listening,
    releasedBy: ['tryShutdown', 'forceShutdown'],
    checked: '1.14.7',
  },
  {
    module: 'smtp-server',
    export: 'SMTPServer',
    acquiredBy: 'new',
    openedBy: ['listen'],
    ...listening,
    checked: '3.21.6',
  },
];

export const SERVERS: readonly CheckedResource[] = [...OF_NODE, ...FRAMEWORKS, ...PROTOCOLS];
