import { defineHazard } from '../hazard.ts';

export const noForceExit = defineHazard({
  id: 'no-force-exit',
  title: 'Let the process end by itself',
  category: 'teardown',
  symptoms: [],
  signs: [
    'a run reports one test, named as the file, and calls it ok: none of the tests in it is listed',
    'a failing test does not fail the run: `# pass 1`, `# fail 0`, exit code 0',
    'a report for the CI server that breaks off in the middle',
    '`--test-force-exit` in the scripts, and nobody knows why',
  ],
  cause:
    'Something keeps the process alive after the last test: a pool, a server, a timer. An exit by force hides what it is, and more: ' +
    '`process.exit()` in a test or hook ends the process before node:test has reported, so that failed tests are lost and the file counts as one that passed.',
  remedy:
    'Find what is left and release it where it was made; `--import savepoint/watch` names it, with the line that opened it. ' +
    'When the exit code itself is under test, run that code in a process of its own.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      '`process.exit()` in the body of a test or hook, also a little later: in `setTimeout`, in `then`, when a server has closed',
      '`run({ forceExit: true })` of node:test',
    ],
    cannotSee: [
      '`--test-force-exit` in a script of `package.json` or in a CI file: rules read code',
      'exits by helpers, and by the code under test',
      'files that replace `process.exit` by a mock: there it ends nothing',
    ],
    messages: {
      test: '`process.exit()` ends the file before node:test has reported: tests that failed are lost. Release what keeps the process alive, and let it end by itself.',
      hook: '`process.exit()` in a hook ends the file before node:test has reported: tests that failed are lost. Release what keeps the process alive, and let it end by itself.',
      run: '`forceExit` hides what keeps the process alive. Find and release it: `--import savepoint/watch` names it.',
    },
    suggestions: {},
    unrepaired:
      'without the exit the process waits for whatever was not released: that has to be found first.',
  },
  unseenBy: {
    runtime: 'what a forced exit hides is reported as itself: a pool, a client, a server.',
  },
  evidence: [
    'nodejs/node#49925',
    'nodejs/node#52038',
    'nodejs/node#54327',
    'arcjet/arcjet-js#6108',
    'microsoft/just#268',
    'FairladyZ625/harness-anything#793',
  ],
  whenNotToUse: 'When a script that is no test uses node:test to run others and reports by itself.',
  examples: [
    {
      title: 'a hook that ends the process, because a timer would not',
      file: 'poller.test.mjs',
      reportedBy: ['linter'],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

let ticks = 0;
before(() => {
  setInterval(() => ticks++, 10);
});
after(() => process.exit());

test('has not ticked yet, says a test that fails and is never heard of', () => {
  assert.equal(ticks, 1);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

let ticks = 0;
let timer;
before(() => {
  timer = setInterval(() => ticks++, 10);
});
after(() => clearInterval(timer));

test('has not ticked yet', () => {
  assert.equal(ticks, 0);
});
`,
    },
  ],
});
