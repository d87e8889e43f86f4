import { defineHazard } from '../hazard.ts';
import { RESTORE_REPAIRS } from '../repairs.ts';

export const noUnrestoredGlobal = defineHazard({
  id: 'no-unrestored-global',
  title: 'Put back what a test replaces of the globals',
  category: 'process state',
  symptoms: [],
  signs: [
    'a later test meets the stub of an earlier one: a `fetch` that never asks, a clock that stands still',
    'the output of later tests is missing: `console.log` is still replaced',
    'tests pass alone and fail together, or only in one order',
  ],
  cause:
    'A global belongs to the whole process, and so do the members of Node’s own modules and of prototypes. ' +
    'A test assigns a stub to one and does not put the original back, or puts it back in a statement that a failing assertion skips.',
  remedy:
    'Let the test replace it: `t.mock.method(Date, "now", () => 0)`, `t.mock.method(globalThis, "fetch", stub)`, which node:test undoes when the test ends. ' +
    'By hand: save the original and put it back in `t.after`. Better still, pass the clock, the logger or `fetch` to the code.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'an assignment to a property of `globalThis`, to a member of a global such as `Date.now` or `console.log`, of a module of Node’s such as `net.connect`, or of their prototypes, in a test or hook, that no hook, `finally` or helper of the file undoes',
      'the same by `Object.defineProperty`',
      'a restore in a statement that an earlier throw skips',
    ],
    cannotSee: [
      'changes that the code under test makes',
      'members of other modules, and of objects that the file itself makes',
      'changes at the top level of the file, in the body of a suite or in a `before` of the whole file: they are set-up, and the process ends with the file',
      '`process.env`, which has rules of its own, `process.exitCode` and `Error.stackTraceLimit`',
    ],
    messages: {
      absent:
        '`{{name}}` stays replaced after this {{scope}}. Use `t.mock.method()`, which its test undoes, or restore it in a hook.',
      inline:
        '`{{name}}` is restored on line {{line}}, which an earlier throw skips. Use `t.mock.method()`, which its test undoes, or restore it in `t.after`.',
      inlineDelete:
        '`{{name}}` is deleted on line {{line}}, which an earlier throw skips. Delete it in `t.after`.',
    },
    suggestions: RESTORE_REPAIRS,
  },
  unseenBy: {
    runtime: 'a global that is assigned tells nobody.',
  },
  fault: ({ kind, release }) =>
    kind === 'global' && (release.is === 'absent' || release.is === 'inline'),
  evidence: [
    'avajs/ava#2956',
    'vitest-dev/vitest#1436',
    'nodejs/node#53927',
    'https://nodejs.org/api/test.html#mockmethodobject-methodname-implementation-options',
  ],
  whenNotToUse:
    'When each test of the suite runs in a process of its own, or a preload puts the globals back after every test.',
  examples: [
    {
      title: 'a clock that stays stopped',
      file: 'stamps.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const stamp = (name) => ({ name, at: Date.now() });

test('stamps with the time', () => {
  Date.now = () => 1_700_000_000_000;
  assert.deepEqual(stamp('a'), { name: 'a', at: 1_700_000_000_000 });
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const stamp = (name) => ({ name, at: Date.now() });

test('stamps with the time', (t) => {
  t.mock.method(Date, 'now', () => 1_700_000_000_000);
  assert.deepEqual(stamp('a'), { name: 'a', at: 1_700_000_000_000 });
});
`,
    },
    {
      title: 'put back by a line that a failing assertion skips',
      file: 'weather.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const celsius = async () => (await (await fetch('http://weather.test/now')).json()).celsius;

test('reads the weather', async () => {
  const original = globalThis.fetch;
  globalThis.fetch = async () => Response.json({ celsius: 21 });
  assert.equal(await celsius(), 21);
  globalThis.fetch = original;
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const celsius = async () => (await (await fetch('http://weather.test/now')).json()).celsius;

test('reads the weather', async (t) => {
  const original = globalThis.fetch;
  t.after(() => {
    globalThis.fetch = original;
  });
  globalThis.fetch = async () => Response.json({ celsius: 21 });
  assert.equal(await celsius(), 21);
});
`,
    },
  ],
});
