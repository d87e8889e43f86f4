import { testRule } from '../support/rule-table.ts';

testRule('no-inline-teardown', {
  valid: [
    {
      name: 'what is made of stand-ins leaves nothing behind',
      code: `import { test } from 'node:test';
import { PassThrough } from 'node:stream';
import { serve, startTarget, Client, Cache } from '../src/index.js';
import { FakeTransport, mockSource } from './fakes.js';
test('a stream in memory', async () => {
  const input = new PassThrough();
  const connection = serve({ input, output: new PassThrough() });
  input.end('ping');
  assert.equal(await answer(), 'pong');
  await connection.close();
});
test('a fake that it is given', async () => {
  const transport = new FakeTransport();
  const client = new Client(transport);
  assert.equal(await client.ask(), 1);
  await client.dispose();
});
test('a fake by its name', async () => {
  const cache = new Cache({ source: mockSource });
  assert.equal(await cache.read(0), 1);
  await cache.close();
});
test('how it would reach the world', async () => {
  const target = startTarget('pnpm dev', { spawn: () => child });
  assert.equal(child.starts, 1);
  await target.stop();
});`,
    },
    {
      name: 'a release in a callback is only said to those who ask strictly',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', (t, done) => {
  const app = Fastify();
  app.listen({ port: 0 }, (error) => { t.assert.ifError(error); app.close(done); });
});`,
    },
    {
      name: 'in a callback, and on every path too, or where nobody knows when it is called',
      strict: true,
      code: `import { afterEach, test } from 'node:test';
import { createServer, get } from 'node:http';
import { deferred, onEnd, together } from './helpers.js';
test('a hook', (t, done) => {
  const server = createServer();
  t.after(() => server.close());
  server.listen(0, () => { assert.ok(server.address()); server.close(done); });
});
test('an unknown function', (t, done) => {
  const server = createServer();
  onEnd(() => server.close());
  server.listen(0, () => { assert.ok(server.address()); done(); });
});
test('a timer', (t, done) => {
  const server = createServer().listen(0);
  setTimeout(() => server.close(done), 100);
});
test('in several', (t, done) => {
  const server = createServer().listen(0);
  server.once('error', (error) => { server.close(); done(error); });
  server.once('listening', () => { assert.ok(server.address()); server.close(done); });
});
test('in a branch', (t, done) => {
  const server = createServer().listen(0);
  server.once('connection', (socket) => { if (socket.destroyed) { server.close(done); } });
});
test('given away', (t, done) => {
  const server = createServer();
  deferred.push(server);
  server.listen(0, () => { assert.ok(server.address()); server.close(done); });
});
test('when another process has ended', (t) => {
  const server = createServer().listen(0);
  t.child.on('exit', () => server.close());
});
test('a let go one', (t, done) => {
  const server = createServer();
  server.unref();
  server.listen(0, () => { assert.ok(server.address()); server.close(done); });
});
test('a signal', (t, done) => {
  const server = createServer();
  server.listen({ port: 0, signal: t.signal }, () => { assert.ok(server.address()); server.close(done); });
});
test('opened, and that is all', (t, done) => {
  const server = createServer();
  server.listen(0, (error) => { t.assert.ifError(error); server.close(done); });
});
test('opened, by its event', (t, done) => {
  const server = createServer().listen(0);
  server.once('listening', () => server.close(done));
});
test('at once', (t, done) => {
  t.server.once('listening', () => { const server = createServer().listen(0); server.close(done); });
});
test('never opened', (t, done) => {
  const server = createServer();
  get('http://service.test', () => { assert.ok(server); server.close(done); });
});`,
    },
    {
      name: 'in a callback, where closing is what the test is about',
      strict: true,
      code: `import { test } from 'node:test';
import { createServer, get } from 'node:http';
test('closes', (t, done) => {
  const server = createServer();
  server.listen(0, () => { assert.ok(server.address()); server.close(done); });
});
test('the test goes on', (t, done) => {
  const server = createServer();
  server.listen(0, () => { server.close(); assert.equal(server.address(), null); done(); });
});
test('and looks at what came of it', (t, done) => {
  const server = createServer();
  server.listen(0, () => {
    server.close((error) => { assert.ok(error); done(); });
  });
});
test('by a counted function', (t, done) => {
  const server = createServer();
  server.listen(0, () => { assert.ok(server.address()); server.close(t.mock.fn(done)); });
});
test('asks what it answers', (t, done) => {
  const server = createServer();
  server.listen(0, () => { assert.equal(server.close(), server); done(); });
});`,
    },
    {
      name: 'a connection that is told to wait for its first use, and is not used',
      code: `import { test } from 'node:test';
import Redis from 'ioredis';
test('keeps what it is told', () => {
  const redis = new Redis('redis://localhost', { lazyConnect: true });
  assert.equal(prefixOf(redis.options), '');
  redis.disconnect();
});
test('in a constant', () => {
  const options = { lazyConnect: true };
  const redis = new Redis(options);
  redis.on('error', () => {});
  assert.equal(redis.status, statusOf('wait'));
  redis.disconnect();
});`,
    },
    {
      name: 'what puts things in order is called on every path, or is what the test is about',
      code: `import { after, afterEach, test } from 'node:test';
import sinon from 'sinon';
import { setup, stubFetch } from './setup.js';
test('finally', async () => {
  const { app, cleanup } = setup();
  try { await app.ready(); } finally { cleanup(); }
});
test('t.after', async (t) => {
  const { app, cleanup } = setup();
  t.after(cleanup);
  await app.ready();
});
test('in a block of a hook', async (t) => {
  const restore = stubFetch();
  t.after(() => { restore(); });
  await fetch('http://service.test');
});
test('restores what it replaced', () => {
  const original = fetch;
  const restore = stubFetch();
  assert.notEqual(fetch, original);
  restore();
});
test('puts back the old function', () => {
  const restore = stubFetch();
  restore();
  assert.equal(fetch, original);
});
test('says whether it did', async () => {
  const { cleanup } = await setup();
  await ask();
  assert.equal(await cleanup(), true);
});
test('makes its own context', async (t) => {
  const { app, cleanup } = setup(t);
  await app.ready();
  cleanup();
});
test('a variable of that name, which is data', () => {
  const restore = stubFetch();
  assert.ok(restore.length);
});`,
    },
    {
      name: 'given to a function with the context, which registers it',
      code: `import { test } from 'node:test';
import { Redis } from 'ioredis';
function tracked(t, { conn }) { t.after(() => conn.quit()); return conn; }
test('a', async (t) => {
  const redis = new Redis();
  tracked(t, { conn: redis });
  await redis.get('a');
  redis.disconnect();
});`,
    },
    {
      name: 'the title tells what happens when it is closed',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('http/2 closes well', async () => {
  const app = Fastify({ http2: true });
  await app.listen({ port: 0 });
  await connect(app);
  await app.close();
});`,
    },
    {
      name: 'an app that is only told things: closing it is what starts it',
      code: `import Fastify from 'fastify';
import { test } from 'node:test';
test('keeps the context', (t, done) => {
  const app = Fastify();
  app.register(wrapped(plugin), { prefix: options() });
  app.addHook('onRoute', () => check());
  app.get('/', (request, reply) => reply.send());
  app.close(done);
});`,
    },
    {
      name: 'registered, in every way there is',
      code: `import { after, afterEach, test } from 'node:test';
import { createServer } from 'node:http';
import Fastify from 'fastify';
test('t.after', async (t) => { const app = Fastify(); t.after(() => app.close()); await app.ready(); });
test('after in a body belongs to the test', async () => { const app = Fastify(); after(() => app.close()); await app.ready(); });
test('finally', async () => { const app = Fastify(); try { await app.ready(); } finally { await app.close(); } });
test('promise finally', () => { const app = Fastify(); return app.ready().finally(() => app.close()); });
test('closed with a callback', async (t) => {
  const server = createServer();
  server.listen(0);
  t.after((t, done) => server.close(done));
});`,
    },
    {
      name: 'a signal ends it when the test fails: that of the test, or one that a hook aborts',
      code: `import { test } from 'node:test';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
test('a', async (t) => {
  const server = createServer();
  server.listen({ port: 0, signal: t.signal });
  await ask(server.address());
  server.close();
});
test('b', async (t) => {
  const controller = new AbortController();
  t.after(() => controller.abort());
  const options = { signal: controller.signal };
  const child = spawn('app', [], options);
  await ask(child);
  child.kill();
});`,
    },
    {
      name: 'closing is the act: something is asserted after it',
      code: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async () => {
  let closed = false;
  const app = Fastify();
  app.addHook('onClose', () => { closed = true; });
  await app.ready();
  await app.close();
  assert.ok(closed);
});`,
    },
    {
      name: 'closing is the act: the title says so',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('closes without a request', async () => { const app = Fastify(); await app.ready(); await app.close(); });`,
    },
    {
      name: 'nothing that can throw in between',
      code: `import { test } from 'node:test';
import Database from 'better-sqlite3';
test('a', () => { const db = new Database(); db.close(); });`,
    },
    {
      name: 'both: registered, and closed again by the scenario',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('a', async (t) => { const app = Fastify(); t.after(() => app.close()); await app.ready(); await app.close(); });`,
    },
    {
      name: 'closed by an event, not by a line',
      code: `import { test } from 'node:test';
import { createServer } from 'node:http';
test('a', async (t) => {
  const server = createServer((request, response) => { response.end(); server.close(); });
  server.listen(0);
  await fetch('http://localhost');
});`,
    },
    {
      name: 'given to a helper together with the context',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
import { register } from './helper.js';
test('a', async (t) => { const app = Fastify(); register(t, app); await app.ready(); await app.close(); });`,
    },
    {
      name: 't is something else after a write',
      code: `import { test } from 'node:test';
import { tspl } from '@matteo.collina/tspl';
import Fastify from 'fastify';
test('a', async (t) => {
  t = tspl(t, { plan: 1 });
  const app = Fastify();
  t.after(() => app.close());
  await app.ready();
  await app.close();
});`,
    },
  ],
  invalid: [
    {
      name: 'a log that is mocked makes no server of the test a stand-in',
      code: `import { test } from 'node:test';
import { startServer } from '../src/index.js';
test('answers', async () => {
  const server = await startServer({ logger: mockLogger, handle() {} });
  assert.equal(await ask(server.url), 1);
  await «server.close()»;
});`,
      reports: [
        {
          messageId: 'inline',
          data: { resource: 'server', acquiredLine: '4' },
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import { startServer } from '../src/index.js';
test('answers', async (t) => {
  const server = await startServer({ logger: mockLogger, handle() {} });
  t.after(() => server.close());
  assert.equal(await ask(server.url), 1);
});`,
          },
        },
      ],
    },
    {
      name: 'only in a callback, when one asks strictly',
      language: 'cjs',
      strict: true,
      code: `const http = require('node:http');
const { test } = require('node:test');
const Fastify = require('fastify');
test('answers', (t, done) => {
  const app = Fastify();
  app.listen({ port: 0 }, (error) => {
    t.assert.ifError(error);
    const request = http.get(app.listeningOrigin, (response) => {
      t.assert.equal(response.statusCode, 404);
      «app.close()»;
      done();
    });
    request.end();
  });
});`,
      reports: [{ messageId: 'callback', data: { resource: 'app', acquiredLine: '5' } }],
    },
    {
      name: 'of an event, when one asks strictly',
      strict: true,
      code: `import { test } from 'node:test';
import { connect } from 'mqtt';
import { createServer } from 'node:http';
test('connects', (t, done) => {
  const client = connect('mqtt://localhost');
  client.once('connect', () => { assert.ok(client.connected); «client.end(true, (error) => done(error))»; });
});
test('refuses', (t, done) => {
  const client = connect('mqtt://localhost');
  client.once('error', (error) => { assert.ok(error); «client.end(done)»; });
});
test('the event may not come', (t, done) => {
  const client = connect('mqtt://localhost');
  client.on('connect', () => «client.end(done)»);
});
test('in a promise', async () => {
  const url = await new Promise((resolve) => {
    const server = createServer();
    server.on('request', (request, response) => { response.end(); «server.close()»; resolve(request.url); });
    server.listen(0, () => fetch(urlOf(server)));
  });
  assert.equal(url, '/');
});`,
      reports: [
        { messageId: 'callback', data: { resource: 'client', acquiredLine: '5' } },
        { messageId: 'callback' },
        { messageId: 'callback' },
        { messageId: 'callback' },
      ],
    },
    {
      name: 'a lazy connection that is used, and one that is not lazy',
      code: `import { test } from 'node:test';
import Redis from 'ioredis';
test('used', async () => {
  const redis = new Redis({ lazyConnect: true });
  await redis.connect();
  «redis.disconnect()»;
});
test('not lazy', () => {
  const redis = new Redis({ lazyConnect: false });
  assert.ok(ready(redis.status));
  «redis.disconnect()»;
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import Redis from 'ioredis';
test('used', async (t) => {
  const redis = new Redis({ lazyConnect: true });
  t.after(() => redis.quit());
  await redis.connect();
});
test('not lazy', () => {
  const redis = new Redis({ lazyConnect: false });
  assert.ok(ready(redis.status));
  redis.disconnect();
});`,
          },
        },
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import Redis from 'ioredis';
test('used', async () => {
  const redis = new Redis({ lazyConnect: true });
  await redis.connect();
  redis.disconnect();
});
test('not lazy', (t) => {
  const redis = new Redis({ lazyConnect: false });
  t.after(() => redis.quit());
  assert.ok(ready(redis.status));
});`,
          },
        },
      ],
    },
    {
      name: 'what puts things in order, in the last lines',
      code: `import { test } from 'node:test';
import { stubFetch } from './setup.js';
function setup() {
  const before = process.env.DEBUG;
  process.env.DEBUG = 'app';
  return { app: createApp(), cleanup: () => { process.env.DEBUG = before; } };
}
test('a part of what a function answers', async () => {
  const { app, cleanup } = setup();
  await app.ready();
  «cleanup()»;
});
test('the answer itself', async () => {
  const restoreFetch = stubFetch({ status: 500 });
  await ask();
  «restoreFetch()»;
});
test('several', async () => {
  const { app, cleanup } = setup();
  const restore = stubFetch();
  await ask(app);
  «restore()»;
  «cleanup()»;
});`,
      reports: [
        { messageId: 'inline', data: { resource: 'setup()', acquiredLine: '9' } },
        { messageId: 'inline', data: { resource: 'stubFetch()', acquiredLine: '14' } },
        { messageId: 'inline', data: { resource: 'stubFetch()', acquiredLine: '20' } },
        { messageId: 'inline', data: { resource: 'setup()', acquiredLine: '19' } },
      ],
    },
    {
      name: 'a method that puts things in order at once',
      code: `const { test } = require('node:test');
const sinon = require('sinon');
test('a', async () => {
  const sandbox = sinon.createSandbox();
  await ask(sandbox);
  «sandbox.restore()»;
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `const { test } = require('node:test');
const sinon = require('sinon');
test('a', async (t) => {
  const sandbox = sinon.createSandbox();
  t.after(() => sandbox.restore());
  await ask(sandbox);
});`,
          },
        },
      ],
    },
    {
      name: 'given with the context to a function that only writes to it',
      code: `const test = require('node:test');
const Redis = require('ioredis');
function persistenceOf(t, options) { t.diagnostic('made'); return createPersistence(options); }
test('a', async (t) => {
  const redis = new Redis();
  const persistence = persistenceOf(t, { conn: redis });
  await persistence.ready();
  «redis.disconnect()»;
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `const test = require('node:test');
const Redis = require('ioredis');
function persistenceOf(t, options) { t.diagnostic('made'); return createPersistence(options); }
test('a', async (t) => {
  const redis = new Redis();
  t.after(() => redis.quit());
  const persistence = persistenceOf(t, { conn: redis });
  await persistence.ready();
});`,
          },
        },
      ],
    },
    {
      name: 'the last line of the test',
      code: `import assert from 'node:assert/strict';
import { it } from 'node:test';
import Database from 'better-sqlite3';
it('a', () => {
  const db = new Database(':memory:');
  assert.ok(db.prepare('select 1').get());
  «db.close()»;
});`,
      reports: [
        {
          messageId: 'inline',
          data: { resource: 'db', acquiredLine: '5' },
          suggestion: {
            messageId: 'registerRelease',
            output: `import assert from 'node:assert/strict';
import { it } from 'node:test';
import Database from 'better-sqlite3';
it('a', (t) => {
  const db = new Database(':memory:');
  t.after(() => db.close());
  assert.ok(db.prepare('select 1').get());
});`,
          },
        },
      ],
    },
    {
      name: 'a server closed through a promise',
      code: `import { test } from 'node:test';
import { createServer } from 'http';
test('a', async (context) => {
  const server = createServer().listen(0);
  await fetch('http://localhost');
  await new Promise((resolve) => «server.close(resolve)»);
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import { createServer } from 'http';
test('a', async (context) => {
  const server = createServer().listen(0);
  context.after(() => new Promise((resolve) => server.close(resolve)));
  await fetch('http://localhost');
});`,
          },
        },
      ],
    },
    {
      name: 'several, in a subtest and in a hook, under aliases',
      language: 'cjs',
      code: `const { default: run, beforeEach: each } = require('node:test');
const { MockAgent } = require('undici');
const pg = require('pg');
const again = run;
each(async () => {
  const admin = new pg.Client();
  await admin.connect();
  await «admin.end()»;
});
again('a', async (t) => {
  await t.test('b', async (t) => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    await «agent.close()»;
  });
});`,
      reports: [
        {
          messageId: 'inline',
          data: { resource: 'admin', acquiredLine: '6' },
          suggestion: {
            messageId: 'releaseInFinally',
            output: `const { default: run, beforeEach: each } = require('node:test');
const { MockAgent } = require('undici');
const pg = require('pg');
const again = run;
each(async () => {
  const admin = new pg.Client();
  try {
    await admin.connect();
  } finally {
    await admin.end();
  }
});
again('a', async (t) => {
  await t.test('b', async (t) => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    await agent.close();
  });
});`,
          },
        },
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `const { default: run, beforeEach: each } = require('node:test');
const { MockAgent } = require('undici');
const pg = require('pg');
const again = run;
each(async () => {
  const admin = new pg.Client();
  await admin.connect();
  await admin.end();
});
again('a', async (t) => {
  await t.test('b', async (t) => {
    const agent = new MockAgent();
    t.after(() => agent.close());
    agent.disableNetConnect();
  });
});`,
          },
        },
      ],
    },
    {
      name: 'given to the app under test, which is not its owner',
      code: `import { test } from 'node:test';
import { Client } from 'pg';
test('a', async (t) => {
  const client = new Client();
  await client.connect();
  const deps = { client };
  const app = createApp(deps);
  await app.request('/');
  await «client.end()»;
});`,
      reports: [
        {
          messageId: 'inline',
          suggestion: {
            messageId: 'registerRelease',
            output: `import { test } from 'node:test';
import { Client } from 'pg';
test('a', async (t) => {
  const client = new Client();
  t.after(() => client.end());
  await client.connect();
  const deps = { client };
  const app = createApp(deps);
  await app.request('/');
});`,
          },
        },
      ],
    },
  ],
});
