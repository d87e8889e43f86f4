import { defineHazard } from '../hazard.ts';
import { RESTORE_REPAIRS } from '../repairs.ts';

export const noUnrestoredDispatcher = defineHazard({
  id: 'no-unrestored-dispatcher',
  title: 'Put the global dispatcher back',
  category: 'network',
  symptoms: [
    "MockNotMatchedError: Mock dispatch not matched for path '…'",
    'UND_MOCK_ERR_MOCK_NOT_MATCHED',
    'subsequent request to origin … was not allowed (net.connect disabled)',
    'ClientDestroyedError: The client is destroyed',
    'UND_ERR_DESTROYED',
    '1 interceptor is pending:',
    '… interceptors are pending:',
  ],
  signs: [
    'a mocked answer of one test is given to a request of another',
    '`fetch` fails in tests that mock nothing: `TypeError: fetch failed`',
    'a test reaches the real service because an earlier one put back the wrong dispatcher',
  ],
  cause:
    '`setGlobalDispatcher` replaces the dispatcher of the whole process, Node’s own `fetch` included. ' +
    'A test installs a `MockAgent` and does not put the previous one back, or closes the mock and leaves it installed.',
  remedy:
    'Save and restore it: `const previous = getGlobalDispatcher(); t.after(() => setGlobalDispatcher(previous));` before installing the mock, and close the mock after that. ' +
    'Better, where the code allows it: pass `{ dispatcher }` to the request and install nothing.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      '`setGlobalDispatcher(…)` of `undici` in a test or hook with no call in a hook or `finally` of the same file that puts another one back',
      'a restore in a statement that an earlier throw skips',
    ],
    cannotSee: [
      'a restore by a helper in another file, unless it is a hook at the top of one that the file imports or that the project’s test script loads',
      'whether the dispatcher that is put back is the one that was there',
    ],
    messages: {
      absent:
        'The global dispatcher stays replaced after this {{scope}}: later requests of the process meet it. Save `getGlobalDispatcher()` and restore it in a hook.',
      inline:
        'The global dispatcher is restored on line {{line}}, which an earlier throw skips. Restore it in `t.after`.',
    },
    suggestions: RESTORE_REPAIRS,
  },
  runtime: {
    sees: [
      'a global dispatcher that a test or suite replaced by `setGlobalDispatcher` and that is still another one when the file has ended, in both places where undici and Node keep it',
    ],
    cannotSee: [
      'a dispatcher that was put back, but only after another test had met it',
      'a dispatcher installed at the top level of the file, which is set-up for the whole process',
    ],
    message: '{{test}} left the global dispatcher replaced by {{dispatcher}}.',
  },
  fault: ({ kind, release }) =>
    kind === 'dispatcher' && (release.is === 'absent' || release.is === 'inline'),
  evidence: [
    'nodejs/undici#5258',
    'nodejs/undici#4790',
    'nodejs/undici#5542',
    'NomicFoundation/hardhat#5771',
    'dequelabs/axe-linter-action#104',
  ],
  whenNotToUse:
    'When one dispatcher is installed for the whole process in a preload, before any test, and stays.',
  examples: [
    {
      title: 'a mock that outlives its test',
      file: 'weather.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent, request, setGlobalDispatcher } from 'undici';

test('reads the weather', async (t) => {
  const agent = new MockAgent();
  t.after(() => agent.close());
  agent.disableNetConnect();
  agent.get('http://weather.test').intercept({ path: '/now' }).reply(200, { celsius: 21 });
  setGlobalDispatcher(agent);

  const { body } = await request('http://weather.test/now');
  assert.deepEqual(await body.json(), { celsius: 21 });
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MockAgent, getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';

test('reads the weather', async (t) => {
  const agent = new MockAgent();
  const previous = getGlobalDispatcher();
  t.after(async () => {
    setGlobalDispatcher(previous);
    await agent.close();
  });
  agent.disableNetConnect();
  agent.get('http://weather.test').intercept({ path: '/now' }).reply(200, { celsius: 21 });
  setGlobalDispatcher(agent);

  const { body } = await request('http://weather.test/now');
  assert.deepEqual(await body.json(), { celsius: 21 });
});
`,
    },
  ],
});
