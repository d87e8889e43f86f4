import { defineHazard } from '../hazard.ts';

export const noSharedLetInConcurrentSuite = defineHazard({
  id: 'no-shared-let-in-concurrent-suite',
  title: 'Give each concurrent test its own fixture',
  category: 'teardown',
  symptoms: [],
  signs: [
    'all tests of a suite with `concurrency` see the client, the rows or the transaction of the last one',
    'an `afterEach` releases one fixture several times, and the others never',
    'a suite passes without `concurrency` and fails with it',
  ],
  cause:
    'In a suite with `concurrency`, every `beforeEach` runs before the first test has begun. A variable that they all assign holds the last value by then, ' +
    'so all tests use one fixture, all clean up that one, and nobody releases the others.',
  remedy:
    'Make the fixture inside the test, by a function that takes its context: `const db = await openDatabase(t)`, released with `t.after`. ' +
    'Or leave out `concurrency`.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a variable that a `beforeEach` assigns and tests read, in a suite, or for subtests, with `concurrency: true` or a number above 1, inherited or its own',
      'a variable of the suite that two asynchronous tests of it both assign',
    ],
    cannotSee: [
      'an option whose value is not written where it is given',
      'objects that tests change without assigning the variable',
      'variables that a helper assigns',
    ],
    messages: {
      shared:
        '`{{name}}` is assigned for each test, but the tests of the suite on line {{line}} run at the same time and all see the last value. Make it inside the test, by a function that takes `t`.',
    },
    suggestions: {},
    unrepaired:
      'the variable becomes what a function answers, in every test that uses it: that is a new design of the suite.',
  },
  unseenBy: {
    runtime: 'which variable a test reads does not show in a run.',
  },
  evidence: ['nodejs/node#49994', 'avajs/ava#560', 'jestjs/jest#7997', 'DevExpress/testcafe#1909'],
  whenNotToUse: 'When no suite runs its tests concurrently.',
  examples: [
    {
      title: 'a fixture in a variable, and tests that run at once',
      file: 'carts.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';

describe('a cart', { concurrency: true }, () => {
  let cart;
  beforeEach(() => {
    cart = [];
  });

  it('takes a book', () => {
    cart.push('book');
    assert.deepEqual(cart, ['book']);
  });

  it('takes a pen', () => {
    cart.push('pen');
    assert.deepEqual(cart, ['pen']);
  });
});
`,
      good: `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

describe('a cart', { concurrency: true }, () => {
  const newCart = () => [];

  it('takes a book', () => {
    const cart = newCart();
    cart.push('book');
    assert.deepEqual(cart, ['book']);
  });

  it('takes a pen', () => {
    const cart = newCart();
    cart.push('pen');
    assert.deepEqual(cart, ['pen']);
  });
});
`,
    },
  ],
});
