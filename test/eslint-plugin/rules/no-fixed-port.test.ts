import { testRule } from '../support/rule-table.ts';

testRule('no-fixed-port', {
  valid: [
    {
      name: 'a stub in the place of the server',
      code: `import { test } from 'node:test';
import { Listener } from '../src/listener.js';
test('asks the server to listen', async () => {
  const listener = Listener.create({ createServer: () => stub });
  await listener.listen({ port: 8080 });
});
test('over TLS', () => new Listener({ createSecureServer: (options) => stubOf(options) }).listen(8443));`,
    },
    {
      name: 'a signal that is aborted before the server binds',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('aborted before', async () => {
  const controller = new AbortController();
  const app = Fastify();
  controller.abort();
  await app.listen({ port: 1234, signal: controller.signal });
});
test('aborted at once', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = Fastify().listen({ port: 1234, signal: controller.signal });
  controller.abort();
  await listening;
});
test('made aborted', () => Fastify().listen({ port: 1234, signal: AbortSignal.abort() }));`,
    },
    {
      name: 'port 0, a socket, a port from elsewhere',
      code: `import { test } from 'node:test';
import { createServer } from 'node:http';
test('a', (t) => {
  createServer().listen(0);
  createServer().listen({ port: 0 });
  createServer().listen('/tmp/socket');
  createServer().listen(process.env.PORT);
  createServer().listen(await free());
});`.replace('await free()', 'free()'),
    },
    {
      name: 'the app itself, which is no test',
      code: `import { createServer } from 'node:http';
createServer().listen(3000);`,
    },
    {
      name: 'the port of a database, which listens by itself',
      code: `import { test } from 'node:test';
import { Pool } from 'pg';
const pool = new Pool({ port: 5432 });
test('a', () => connect({ port: 9 }));`,
    },
  ],
  invalid: [
    {
      name: 'a server of its own making',
      code: `import { test } from 'node:test';
import { createServer } from 'node:http';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify({ serverFactory: (handler) => createServer(handler) });
  t.after(() => app.close());
  await app.listen({ port: «8080» });
});`,
      reports: [
        {
          messageId: 'fixed',
          suggestion: {
            messageId: 'useZero',
            output: `import { test } from 'node:test';
import { createServer } from 'node:http';
import Fastify from 'fastify';
test('a', async (t) => {
  const app = Fastify({ serverFactory: (handler) => createServer(handler) });
  t.after(() => app.close());
  await app.listen({ port: 0 });
});`,
          },
        },
      ],
    },
    {
      name: 'a signal that is aborted once the server listens',
      code: `import { test } from 'node:test';
import Fastify from 'fastify';
test('by promise', async () => {
  const controller = new AbortController();
  await Fastify().listen({ port: «1235», signal: controller.signal });
  controller.abort();
});`,
      reports: [
        {
          messageId: 'fixed',
          suggestion: {
            messageId: 'useZero',
            output: `import { test } from 'node:test';
import Fastify from 'fastify';
test('by promise', async () => {
  const controller = new AbortController();
  await Fastify().listen({ port: 0, signal: controller.signal });
  controller.abort();
});`,
          },
        },
      ],
    },
    {
      name: 'by argument, by option, by constant, by serve',
      code: `import { before, test } from 'node:test';
import { serve } from '@hono/node-server';
const PORT = 4005;
let server;
before(() => { server = serve({ fetch, port: «3000» }); });
test('a', async () => {
  await app.listen({ port: «8000», host: 'localhost' });
  http.createServer().listen(«PORT», () => {});
});`,
      reports: [
        {
          messageId: 'fixed',
          data: { port: '3000' },
          suggestion: {
            messageId: 'useZero',
            output: `import { before, test } from 'node:test';
import { serve } from '@hono/node-server';
const PORT = 4005;
let server;
before(() => { server = serve({ fetch, port: 0 }); });
test('a', async () => {
  await app.listen({ port: 8000, host: 'localhost' });
  http.createServer().listen(PORT, () => {});
});`,
          },
        },
        {
          messageId: 'fixed',
          data: { port: '8000' },
          suggestion: {
            messageId: 'useZero',
            output: `import { before, test } from 'node:test';
import { serve } from '@hono/node-server';
const PORT = 4005;
let server;
before(() => { server = serve({ fetch, port: 3000 }); });
test('a', async () => {
  await app.listen({ port: 0, host: 'localhost' });
  http.createServer().listen(PORT, () => {});
});`,
          },
        },
        {
          messageId: 'fixed',
          data: { port: '4005' },
          suggestion: {
            messageId: 'useZero',
            output: `import { before, test } from 'node:test';
import { serve } from '@hono/node-server';
let server;
before(() => { server = serve({ fetch, port: 3000 }); });
test('a', async () => {
  await app.listen({ port: 8000, host: 'localhost' });
  http.createServer().listen(0, () => {});
});`,
          },
        },
      ],
    },
    {
      name: 'fixed where the file asks the server for its port anyway',
      language: 'cjs',
      code: `const { test } = require('node:test');
test('a', async (t) => {
  await fastify.listen({ port: «3000» });
  await fetch('http://localhost:' + fastify.server.address().port);
});`,
      fixed: `const { test } = require('node:test');
test('a', async (t) => {
  await fastify.listen({ port: 0 });
  await fetch('http://localhost:' + fastify.server.address().port);
});`,
      reports: [{ messageId: 'fixed' }],
    },
    {
      name: 'in a helper with the context, in a file without tests',
      language: 'ts',
      code: `import type { TestContext } from 'node:test';
import fastify from 'fastify';
export async function machinist(t: TestContext) {
  const app = fastify();
  t.after(() => app.close());
  await app.listen({ port: «3052» });
  return app;
}`,
      reports: [
        {
          messageId: 'fixed',
          suggestion: {
            messageId: 'useZero',
            output: `import type { TestContext } from 'node:test';
import fastify from 'fastify';
export async function machinist(t: TestContext) {
  const app = fastify();
  t.after(() => app.close());
  await app.listen({ port: 0 });
  return app;
}`,
          },
        },
      ],
    },
  ],
});
