import { defineHazard } from '../hazard.ts';

export const noGlobalMock = defineHazard({
  id: 'no-global-mock',
  title: 'Mock through the test’s own context',
  category: 'process state',
  symptoms: ['Invalid state: MockTimers is already enabled!'],
  signs: [
    'a later test meets the mocked function, or a clock that stands still',
    'tests pass or fail by their order, and pass alone',
    'the date is the one that another test has set',
  ],
  cause:
    'node:test undoes what `t.mock` did when the test `t` ends. The `mock` that is imported belongs to the whole process, and nobody undoes what it did. ' +
    'Even `mock.restoreAll()` leaves the timers mocked: that takes `mock.reset()` or `mock.timers.reset()`.',
  remedy:
    'Take `mock` from the test’s context: `t.mock.method(console, "log", …)`, `t.mock.timers.enable(…)`. ' +
    'For a mock that all tests of a suite share: `after(() => mock.reset())`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a method, getter, setter or property that the imported `mock` replaces in a test or in a hook of a suite, and that no hook, `finally` or helper of the file puts back',
      'the timers enabled so, also where `mock.restoreAll()` is meant to put them back',
      'a restore in a statement that an earlier throw skips',
    ],
    cannotSee: [
      'mocks of an object that the test made, or that is made anew for each test: they go with it',
      'spies without an implementation of their own, mocks with `times`, and `mock.fn()`: they change nothing for others',
      'mocks that are kept in a list, handed on or answered by a helper',
      'mocks at the top level of the file or in a `before` of the whole file: they are set-up',
    ],
    messages: {
      mock: '`{{name}}` stays mocked after this {{scope}}. Use `t.mock`, which its test undoes, or `mock.restoreAll()` in a hook.',
      mockInline:
        '`{{name}}` is restored on line {{line}}, which an earlier throw skips. Use `t.mock`, which its test undoes.',
      timers:
        'The timers stay mocked after this {{scope}}. Use `t.mock.timers`, which its test undoes, or `mock.timers.reset()` in a hook; `mock.restoreAll()` does not reset them.',
      timersInline:
        'The timers are reset on line {{line}}, which an earlier throw skips. Use `t.mock.timers`, which its test undoes.',
    },
    suggestions: {
      useContext: 'Use `{{context}}.mock` in this test.',
    },
  },
  unseenBy: {
    runtime: 'node:test tells nobody what its `mock` has replaced.',
  },
  fault: ({ kind, release }) =>
    (kind === 'mock' || kind === 'mock-timers') &&
    (release.is === 'absent' || release.is === 'inline'),
  evidence: [
    'nodejs/node#59143',
    'seerr-team/seerr#2824',
    'jestjs/jest#7136',
    'jestjs/jest#9896',
    'https://nodejs.org/api/test.html#mockrestoreall',
  ],
  whenNotToUse: 'When a preload calls `mock.reset()` after every test.',
  examples: [
    {
      title: 'a clock that stays mocked',
      file: 'invoices.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

const isOverdue = ({ due }) => due.getTime() < Date.now();
const invoice = { due: new Date('2030-06-01') };

test('is not overdue on the day before', () => {
  mock.timers.enable({ apis: ['Date'], now: new Date('2030-05-31') });
  assert.equal(isOverdue(invoice), false);
});

test('is overdue on the day after', () => {
  mock.timers.enable({ apis: ['Date'], now: new Date('2030-06-02') });
  assert.equal(isOverdue(invoice), true);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const isOverdue = ({ due }) => due.getTime() < Date.now();
const invoice = { due: new Date('2030-06-01') };

test('is not overdue on the day before', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2030-05-31') });
  assert.equal(isOverdue(invoice), false);
});

test('is overdue on the day after', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: new Date('2030-06-02') });
  assert.equal(isOverdue(invoice), true);
});
`,
    },
    {
      title: 'a method restored by a statement that a failing assertion skips',
      file: 'lottery.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

const draw = () => Math.floor(Math.random() * 6) + 1;

test('draws a six', () => {
  mock.method(Math, 'random', () => 0.99);
  assert.equal(draw(), 6);
  mock.restoreAll();
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const draw = () => Math.floor(Math.random() * 6) + 1;

test('draws a six', (t) => {
  t.mock.method(Math, 'random', () => 0.99);
  assert.equal(draw(), 6);
});
`,
    },
  ],
});
