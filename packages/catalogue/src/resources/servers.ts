/** What listens, and the applications around it. */
import { exportsOf, type Loan, type Resource } from '../resource.ts';

/** Closed with a callback: there is no promise to await. */
const listening = { kind: 'server', releasedBy: ['close'], releaseIsAsynchronous: false } as const;
const listen: Loan = { method: 'listen', ...listening };
const hapi = { kind: 'app', openedBy: ['start', 'initialize'], releasedBy: ['stop'] } as const;
const pgClient = { kind: 'client', releasedBy: ['release'] } as const;

const NODE_SERVERS: Readonly<Record<string, readonly string[]>> = {
  'node:http': ['createServer'],
  'node:https': ['createServer'],
  'node:http2': ['createServer', 'createSecureServer'],
  'node:net': ['createServer'],
  'node:tls': ['createServer'],
};

export const SERVERS: readonly Resource[] = [
  ...Object.entries(NODE_SERVERS).flatMap(([module, names]) =>
    exportsOf(module, names, { acquiredBy: 'call', openedBy: ['listen'], ...listening }),
  ),
  ...['node:http', 'node:https', 'node:net'].flatMap((module) =>
    exportsOf(module, ['Server'], { acquiredBy: 'new', openedBy: ['listen'], ...listening }),
  ),
  {
    module: 'node:dgram',
    export: 'createSocket',
    acquiredBy: 'call',
    openedBy: ['bind'],
    ...listening,
  },
  { module: '@hono/node-server', export: 'serve', acquiredBy: 'call', ...listening },

  // Frameworks
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
  }),
  {
    module: 'express',
    export: 'default',
    kind: 'app',
    acquiredBy: 'call',
    releasedBy: [],
    lends: [listen],
  },
  {
    module: 'koa',
    export: 'default',
    kind: 'app',
    acquiredBy: 'new',
    releasedBy: [],
    lends: [listen],
  },
  { module: '@hapi/hapi', export: 'server', acquiredBy: 'call', ...hapi },
  { module: '@hapi/hapi', export: 'Server', acquiredBy: 'new', ...hapi },
  ...exportsOf('@nestjs/core', ['NestFactory.create', 'NestFactory.createApplicationContext'], {
    kind: 'app',
    acquiredBy: 'call',
    releasedBy: ['close'],
  }),
  {
    module: '@apollo/server',
    export: 'ApolloServer',
    kind: 'app',
    acquiredBy: 'new',
    openedBy: ['start'],
    releasedBy: ['stop'],
  },

  // Sockets and other protocols
  ...exportsOf('ws', ['WebSocketServer', 'Server'], {
    acquiredBy: 'new',
    // With these it serves through a server that somebody else closes.
    exceptWith: ['noServer', 'server'],
    ...listening,
  }),
  {
    module: 'socket.io',
    export: 'Server',
    kind: 'server',
    acquiredBy: 'new',
    // Given a server, it lives as long as that, which somebody else may close.
    keepsAliveOnce: ['listen'],
    releasedBy: ['close'],
  },
  {
    module: '@grpc/grpc-js',
    export: 'Server',
    acquiredBy: 'new',
    openedBy: ['bindAsync', 'start'],
    ...listening,
    releasedBy: ['tryShutdown', 'forceShutdown'],
  },
  {
    module: 'smtp-server',
    export: 'SMTPServer',
    acquiredBy: 'new',
    openedBy: ['listen'],
    ...listening,
  },
];
