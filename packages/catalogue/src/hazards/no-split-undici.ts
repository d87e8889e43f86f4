import { defineHazard } from '../hazard.ts';

export const noSplitUndici = defineHazard({
  id: 'no-split-undici',
  title: 'Take the mock and the request from one undici',
  category: 'network',
  symptoms: [],
  signs: [
    'a MockAgent is installed and the request goes out all the same: tests pass against the real service, or get its 401',
    '`pendingInterceptors()` names what the test has just asked for',
    'a suite is right on one version of Node and reaches the network on the next',
  ],
  cause:
    'Node’s own `fetch` is an undici that comes with Node; `setGlobalDispatcher` and MockAgent come from the package. They find each other by a place in memory that both know, and versions differ in it: ' +
    'undici 6 writes another one than the `fetch` of Node 26 reads, so `disableNetConnect()` disables nothing there. Up to Node 24 they agree, and so does undici 7.30 with all of them.',
  remedy:
    'Ask with the `fetch` of the same package, `import { fetch, MockAgent, setGlobalDispatcher } from "undici"`, or give the app its `fetch` or dispatcher. ' +
    'Where the app must use Node’s own, keep undici current, and let one request that must fail prove that the mock is met.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a file that makes a MockAgent of the package undici, installs a global dispatcher with it, and calls Node’s own `fetch`',
    ],
    cannotSee: [
      'which versions of undici and Node will run the test: where they fit, the mock is met',
      'requests that the code under test makes',
    ],
    messages: {
      split:
        'The `fetch` on line {{line}} is Node’s own and meets this mock only where the versions of Node and undici fit: else the request is real. Import `fetch` from undici too.',
    },
    suggestions: {},
    unrepaired:
      'the imported `fetch` has types and errors of its own, and every other request of the file would go through it, too.',
  },
  unseenBy: {
    runtime: 'a request that passes a mock by looks as any other.',
  },
  evidence: [
    'nulab/backlog-js#193',
    'nodejs/undici#5648',
    'nodejs/undici#5052',
    'nodejs/undici#1882',
  ],
  whenNotToUse:
    'When the suite runs with undici 7.30 or later and a test proves that a request without an interceptor fails.',
  examples: [
    {
      title: 'a mock of the package, a request of Node',
      file: 'profiles.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';

test('reads a profile', async (t) => {
  const previous = getGlobalDispatcher();
  t.after(() => setGlobalDispatcher(previous));
  const agent = new MockAgent();
  t.after(() => agent.close());
  agent.disableNetConnect();
  agent.get('https://profiles.test').intercept({ path: '/ada' }).reply(200, { name: 'Ada' });
  setGlobalDispatcher(agent);

  const response = await fetch('https://profiles.test/ada');
  assert.deepEqual(await response.json(), { name: 'Ada' });
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetch, getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';

test('reads a profile', async (t) => {
  const previous = getGlobalDispatcher();
  t.after(() => setGlobalDispatcher(previous));
  const agent = new MockAgent();
  t.after(() => agent.close());
  agent.disableNetConnect();
  agent.get('https://profiles.test').intercept({ path: '/ada' }).reply(200, { name: 'Ada' });
  setGlobalDispatcher(agent);

  const response = await fetch('https://profiles.test/ada');
  assert.deepEqual(await response.json(), { name: 'Ada' });
});
`,
    },
  ],
});
