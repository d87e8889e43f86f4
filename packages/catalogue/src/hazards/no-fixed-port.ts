import { defineHazard } from '../hazard.ts';

export const noFixedPort = defineHazard({
  id: 'no-fixed-port',
  title: 'Listen on a port that the system chooses',
  category: 'network',
  symptoms: [
    'listen EADDRINUSE: address already in use …',
    'EADDRINUSE',
    'listen EACCES: permission denied …',
  ],
  signs: [
    'test files pass one by one and collide when they run at the same time',
    'the suite fails while the app runs on the same machine, or answers come from that app',
    'CI fails now and then, each time in another file',
  ],
  cause:
    'A port is shared by everything on the machine, and node:test runs files as processes at the same time. ' +
    'A server of a test asks for one port by number; so does the next file, the app in another terminal, or a leftover of the last run.',
  remedy:
    'Listen on port 0 and read the port back: `server.listen(0)`, `server.address().port`. Or use no port: `client(t, app)` of `savepoint/http` and `app.request()` of Hono call the app in process.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a literal port other than 0, or a constant of the file that holds one, in `listen(…)` of a known server or app, or in `serve({ port })`, in a test file',
    ],
    cannotSee: [
      'ports from the environment or from a configuration file',
      'servers that the app starts when it is imported',
      'ports found free and used later, which another process may take in between',
    ],
    messages: {
      fixed:
        'Port {{port}} can be taken by another test file or by the app itself. Listen on port 0 and read the port from `address()`.',
    },
    fixes:
      'writes 0 for a port that stands nowhere else, where the file asks the server for its address',
    suggestions: {
      useZero: 'Listen on port 0.',
    },
  },
  runtime: {
    sees: [
      'a server of this process that listens on a port asked for by number, with the line that called `listen`; if another server of this process already has the port, with the line of that one too',
    ],
    cannotSee: [
      'servers of other processes',
      'whether the number was written down or found free a moment before: neither is safe',
    ],
    message: '{{test}} listens on port {{port}}, which it asked for by number.',
  },
  evidence: [
    'nodejs/node#12376',
    'nodejs/node#42761',
    'duolahypercho/codex-router#128',
    'forwardemail/supertest#597',
  ],
  whenNotToUse:
    'When the port is what the test is about, or a client outside the suite expects it; then run that file alone.',
  examples: [
    {
      title: 'a server on a port by number',
      file: 'ping.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('answers pong', async (t) => {
  const server = createServer((_request, response) => response.end('pong'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  server.listen(45871);
  await once(server, 'listening');
  const response = await fetch('http://localhost:45871');
  assert.equal(await response.text(), 'pong');
});
`,
      good: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('answers pong', async (t) => {
  const server = createServer((_request, response) => response.end('pong'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  server.listen(0);
  await once(server, 'listening');
  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'pong');
});
`,
    },
    {
      title: 'no port at all',
      file: 'app.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';

const app = new Hono().get('/tags', (c) => c.json(['node']));

test('lists tags', async (t) => {
  const server = serve({ fetch: app.fetch, port: 45872 });
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await once(server, 'listening');
  const response = await fetch('http://localhost:45872/tags');
  assert.deepEqual(await response.json(), ['node']);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hono } from 'hono';
import { client } from 'savepoint/http';

const app = new Hono().get('/tags', (c) => c.json(['node']));

test('lists tags', async (t) => {
  const api = client(t, app);
  const response = await api.tags.$get();
  assert.deepEqual(await response.json(), ['node']);
});
`,
    },
  ],
});
