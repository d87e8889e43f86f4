import { testRule } from '../support/rule-table.ts';

testRule('no-unclosed-server', {
  valid: [
    {
      name: 'a server that closes itself',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
test('a', async () => {
  const server = createServer(function (request, response) {
    response.end();
    this.close();
  });
  server.listen(0);
  await fetch('http://localhost:' + server.address().port);
});`,
    },
    {
      name: 'closed when the test ends',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
test('a', async (t) => {
  const server = createServer().listen(0);
  t.after(() => new Promise((resolve) => server.close(resolve)));
});`,
    },
    {
      name: 'closed in the hook of the file',
      language: 'cjs',
      code: `const http = require('http');
const { after, before, test } = require('node:test');
let server;
before((_, done) => { server = http.createServer(); server.listen(0, done); });
after(() => server.close());
test('a', () => {});`,
    },
    {
      name: 'nobody listens on it',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
test('a', () => { const server = createServer(); server.emit('request', {}, {}); });`,
    },
    {
      name: 'an app that only injects',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async () => { const app = Fastify(); await app.inject('/'); });`,
    },
    {
      name: 'it holds nothing up',
      code: `import { createServer } from 'node:net';
import { test } from 'node:test';
test('a', () => { const server = createServer(); server.listen(0); server.unref(); });
test('b', () => { createServer().listen(0).unref(); });`,
    },
    {
      name: 'the server of an app holds nothing up',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async () => { const app = Fastify(); await app.listen({ port: 0 }); app.server.unref(); });`,
    },
    {
      name: 'closed by a signal',
      language: 'cjs',
      code: `const { createServer } = require('node:http');
const fastify = require('fastify');
const { test } = require('node:test');
test('a', async () => {
  const controller = new AbortController();
  const app = fastify();
  await app.listen({ port: 0, signal: controller.signal });
  controller.abort();
});
test('b', (t) => { createServer().listen({ port: 0, signal: t.signal }); });
test('c', (t) => {
  const controller = new AbortController();
  t.after(() => controller.abort());
  const options = { port: 0, signal: controller.signal };
  const server = createServer().listen(options);
});`,
    },
    {
      name: 'socket.io around a server that is closed',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
import { Server } from 'socket.io';
test('a', async (t) => {
  const server = createServer();
  const io = new Server(server);
  t.after(() => server.close());
  server.listen(0);
  io.on('connection', (socket) => { socket.emit('hello'); });
});`,
    },
    {
      name: 'an application that is started, and listens nowhere',
      code: `import { ApolloServer } from '@apollo/server';
import Hapi from '@hapi/hapi';
import { NestFactory } from '@nestjs/core';
import dgram from 'node:dgram';
import { test } from 'node:test';
import { createServer } from 'vite';
test('hapi', async () => { const server = Hapi.server(); await server.initialize(); await server.inject('/'); });
test('nest', async () => { const app = await NestFactory.create(AppModule); await app.init(); });
test('context', async () => { const app = await NestFactory.createApplicationContext(AppModule); app.get(Service).run(); });
test('apollo', async () => { const server = new ApolloServer({ typeDefs }); await server.start(); await server.executeOperation({ query }); });
test('vite', async () => { const server = await createServer({ server: { middlewareMode: true, watch: null } }); await server.transformRequest('/a.js'); });
test('socket', () => { dgram.createSocket('udp4'); });`,
    },
    {
      name: 'it is expected not to open',
      code: `import assert from 'node:assert';
import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async () => { const app = Fastify(); await assert.rejects(app.listen({ port: -1 })); });
test('b', async () => { const app = Fastify(); await assert.rejects(async () => { await app.listen({ port: -1 }); }); });
test('c', (t, done) => {
  const app = Fastify();
  app.listen({ port: 0 }, (error) => { assert.equal(error.code, 'X'); done(); });
});
test('d', async (t) => {
  const app = Fastify();
  try { await app.listen({ port: -1 }); } catch (error) { t.assert.ok(error); }
});`,
    },
    {
      name: 'the server of an app is somebody else’s',
      code: `import { createServer } from 'node:http';
import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async (t) => {
  const server = createServer();
  t.after(() => server.close());
  const app = Fastify({ serverFactory: () => server });
  await app.listen({ port: 0 });
});`,
    },
    {
      name: 'handed to a helper, which may close it',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
import { closeLater } from './support.js';
test('a', (t) => { const server = createServer(); closeLater(t, server); server.listen(0); });
test('b', () => { const server = createServer(); server.listen(0); servers.push(server); });`,
    },
    {
      name: 'a factory, whose callers have it',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
function start() { const server = createServer(); server.listen(0); return server; }
test('a', (t) => { const server = start(); t.after(() => server.close()); });`,
    },
    {
      name: 'closed by another name: destroyed, disposed',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
import enableDestroy from 'server-destroy';
test('a', (t) => { const server = createServer(); enableDestroy(server); server.listen(0); });
test('b', async () => { await using server = createServer().listen(0); });`,
    },
    {
      name: 'in a callback that may belong to another process',
      code: `import { createServer } from 'node:http';
import { isMainThread, Worker } from 'node:worker_threads';
import { test } from 'node:test';
if (!isMainThread) certificate().then((key) => { const server = createServer(key); server.listen(0); });
test('a', () => { new Worker(import.meta.filename); });`,
    },
    {
      name: 'a mock that holds no sockets, unless one asks strictly',
      code: `import { test } from 'node:test';
import { Agent, MockAgent } from 'undici';
test('a', () => { const mock = new MockAgent(); mock.disableNetConnect(); });
test('b', () => { const agent = new Agent(); });`,
    },
    {
      name: 'an agent that is closed',
      strict: true,
      code: `import { test } from 'node:test';
import { Agent, MockAgent } from 'undici';
test('a', (t) => { const mock = new MockAgent(); t.after(() => mock.close()); });
test('b', async (t) => { const agent = new Agent(); t.after(agent.destroy.bind(agent)); });`,
    },
    {
      name: 'a server of another kind',
      code: `import { createServer } from 'some-bundler';
import { test } from 'node:test';
test('a', async () => { const server = await createServer(); await server.listen(); });`,
    },
  ],
  invalid: [
    {
      name: 'an application that listens',
      code: `import { NestFactory } from '@nestjs/core';
import { test } from 'node:test';
test('a', async (t) => {
  const app = await «NestFactory.create(AppModule)»;
  await app.listen(0);
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { NestFactory } from '@nestjs/core';
import { test } from 'node:test';
test('a', async (t) => {
  const app = await NestFactory.create(AppModule);
  t.after(() => app.close());
  await app.listen(0);
});`,
          },
        },
      ],
    },
    {
      name: 'a socket that sends, which takes a port first',
      code: `import { createSocket } from 'node:dgram';
import { test } from 'node:test';
test('a', (t) => {
  const socket = «createSocket('udp4')»;
  socket.send('a', port);
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { createSocket } from 'node:dgram';
import { test } from 'node:test';
test('a', (t) => {
  const socket = createSocket('udp4');
  t.after(() => new Promise((resolve) => socket.close(resolve)));
  socket.send('a', port);
});`,
          },
        },
      ],
    },
    {
      name: 'socket.io that listens itself',
      code: `import { test } from 'node:test';
import { Server } from 'socket.io';
test('a', async () => {
  const io = «new Server()»;
  io.listen(0);
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import { Server } from 'socket.io';
test('a', async (t) => {
  const io = new Server();
  t.after(() => io.close());
  io.listen(0);
});`,
          },
        },
      ],
    },
    {
      name: 'a server of a test',
      code: `import { createServer } from 'node:http';
import { test } from 'node:test';
test('a', async (t) => {
  const server = «createServer()»;
  server.listen(0);
});`,
      reports: [
        {
          messageId: 'server',
          data: { resource: 'server' },
          suggestion: {
            messageId: 'registerRelease',
            output: `import { createServer } from 'node:http';
import { test } from 'node:test';
test('a', async (t) => {
  const server = createServer();
  t.after(() => new Promise((resolve) => server.close(resolve)));
  server.listen(0);
});`,
          },
        },
      ],
    },
    {
      name: 'a server that a factory of the file makes',
      language: 'cjs',
      code: `const { createSecureServer } = require('node:http2');
const { test } = require('node:test');
const { once } = require('node:events');
function start() { return createSecureServer({}); }
test('a', async () => {
  const server = «start()»;
  await once(server.listen(0), 'listening');
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `const { createSecureServer } = require('node:http2');
const { test } = require('node:test');
const { once } = require('node:events');
function start() { return createSecureServer({}); }
test('a', async (t) => {
  const server = start();
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await once(server.listen(0), 'listening');
});`,
          },
        },
      ],
    },
    {
      name: 'a server that nobody keeps',
      language: 'ts',
      code: `import { serve } from '@hono/node-server';
import { before, test } from 'node:test';
before(() => { «serve({ fetch: app.fetch, port: 0 })»; });
test('a', () => {});`,
      reports: [{ messageId: 'server', data: { resource: 'serve()' } }],
    },
    {
      name: 'an app that listens',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async (t) => {
  const app = «Fastify()»;
  await app.listen({ port: 0 });
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `import Fastify from 'fastify';
import { test } from 'node:test';
test('a', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  await app.listen({ port: 0 });
});`,
          },
        },
      ],
    },
    {
      name: 'an app whose callback asks for errors only to fail',
      language: 'cjs',
      code: `const fastify = require('fastify');
const { test } = require('node:test');
test('a', (t, done) => {
  const app = «fastify()»;
  app.listen({ port: 0 }, (error) => { t.assert.ifError(error); if (error) throw error; done(error); });
});`,
      reports: [
        {
          messageId: 'server',
          suggestion: {
            messageId: 'registerRelease',
            output: `const fastify = require('fastify');
const { test } = require('node:test');
test('a', (t, done) => {
  const app = fastify();
  t.after(() => app.close());
  app.listen({ port: 0 }, (error) => { t.assert.ifError(error); if (error) throw error; done(error); });
});`,
          },
        },
      ],
    },
    {
      name: 'an agent, when one asks strictly',
      strict: true,
      code: `import { beforeEach, test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
let mock;
beforeEach(() => { mock = «new MockAgent()»; setGlobalDispatcher(mock); });
test('a', () => {});`,
      reports: [
        {
          messageId: 'agent',
          data: { resource: 'mock', scope: 'test' },
          suggestion: {
            messageId: 'registerRelease',
            output: `import { afterEach, beforeEach, test } from 'node:test';
import { MockAgent, setGlobalDispatcher } from 'undici';
let mock;
beforeEach(() => { mock = new MockAgent(); setGlobalDispatcher(mock); });
afterEach(() => mock.close());
test('a', () => {});`,
          },
        },
      ],
    },
  ],
});
