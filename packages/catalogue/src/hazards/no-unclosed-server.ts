import { defineHazard } from '../hazard.ts';
import { RELEASE_REPAIRS } from '../repairs.ts';
import type { ResourceKind } from '../vocabulary.ts';

/** What holds sockets, ours or those of others. */
const HOLDS_SOCKETS: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['server', 'app', 'agent']);

export const noUnclosedServer = defineHazard({
  id: 'no-unclosed-server',
  title: 'Close every server the test file opens',
  category: 'network',
  symptoms: ['SocketError: other side closed', 'UND_ERR_SOCKET'],
  signs: [
    'all tests are green and the process never ends',
    'the callback of `server.close()` never comes: a client keeps its connection alive',
    'a request fails on a connection of an earlier test, whose server is gone: `TypeError: fetch failed`, `read ECONNRESET`',
  ],
  cause:
    'A server that listens keeps the process alive until somebody closes it, and closing waits for the requests that are still answered. ' +
    'An agent of undici keeps its connections for the next request, which may come in another test.',
  remedy:
    'Close it where it is opened: `t.after(() => new Promise((resolve) => server.close(resolve)))`, or `listen(t, app)` of `savepoint/http`, which does that. ' +
    'Without a port there is nothing to close: `app.request()` of Hono, `app.inject()` of Fastify. Close an agent too: `t.after(() => agent.close())`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a server, or an app of Fastify that listens, that no hook, `finally` or `using` of the file closes',
    ],
    cannotSee: [
      'servers that the app or another file opens',
      'a server that is exported, returned, stored or passed on: whoever has it then may close it',
    ],
    messages: {
      server:
        'Nothing closes `{{resource}}`: while it listens, the process does not end. Close it in a hook.',
      agent:
        'Nothing closes `{{resource}}`: it keeps its connections after this {{scope}}. Close it in a hook.',
    },
    suggestions: RELEASE_REPAIRS,
    strictly: {
      agent:
        'an agent, a pool, a client or a mock of undici that nothing closes: it holds up no process, and may hold up the end of a server',
    },
  },
  runtime: {
    sees: [
      'every server that still listens when the last test of the file has ended, the app’s included, with the line that made it listen',
    ],
    cannotSee: [
      'agents, and the connections they keep',
      'servers that listened before the runtime was loaded',
      'servers with `unref()`, which hold nothing up and are left alone',
    ],
    message: 'A {{noun}} still listened when all tests had ended; nobody closed it.',
  },
  fault: ({ kind, release }) => HOLDS_SOCKETS.has(kind) && release.is === 'absent',
  evidence: [
    'nodejs/undici#1481',
    'nodejs/undici#2348',
    'nodejs/undici#1310',
    'nodejs/node#59746',
    'go-to-k/cdk-local#407',
    'go-to-k/cdk-local#473',
    'https://undici.nodejs.org/#/docs/best-practices/writing-tests',
  ],
  whenNotToUse:
    'When a preload of your own closes what the tests leave open, or the servers are let go with `unref()` in a way the rule does not see.',
  examples: [
    {
      title: 'a server that nobody closes',
      file: 'greeting.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('greets', async () => {
  const server = createServer((_request, response) => response.end('hello'));
  await once(server.listen(0), 'listening');
  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'hello');
});
`,
      good: `import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

test('greets', async (t) => {
  const server = createServer((_request, response) => response.end('hello'));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  await once(server.listen(0), 'listening');
  const response = await fetch(\`http://localhost:\${server.address().port}\`);
  assert.equal(await response.text(), 'hello');
});
`,
    },
    {
      title: 'a mock that is never closed',
      file: 'weather.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent, request } from 'undici';

test('reads the weather', async () => {
  const mock = new MockAgent();
  mock.get('http://weather.test').intercept({ path: '/now' }).reply(200, { celsius: 21 });
  const { body } = await request('http://weather.test/now', { dispatcher: mock });
  assert.deepEqual(await body.json(), { celsius: 21 });
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent, request } from 'undici';

test('reads the weather', async (t) => {
  const mock = new MockAgent();
  t.after(() => mock.close());
  mock.get('http://weather.test').intercept({ path: '/now' }).reply(200, { celsius: 21 });
  const { body } = await request('http://weather.test/now', { dispatcher: mock });
  assert.deepEqual(await body.json(), { celsius: 21 });
});
`,
    },
  ],
});
