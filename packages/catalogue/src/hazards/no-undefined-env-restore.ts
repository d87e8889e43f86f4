import { defineHazard } from '../hazard.ts';

export const noUndefinedEnvRestore = defineHazard({
  id: 'no-undefined-env-restore',
  title: 'Delete an environment variable that was not set, instead of assigning undefined',
  category: 'process state',
  symptoms: [
    'getaddrinfo ENOTFOUND undefined',
    'getaddrinfo EAI_AGAIN undefined',
    "ENOENT: no such file or directory, open 'undefined/…'",
    'password authentication failed for user "undefined"',
    'role "undefined" does not exist',
    'database "undefined" does not exist',
    'DEP0104',
    'Assigning any value other than a string, number, or boolean to a process.env property is deprecated.',
  ],
  signs: [
    "`process.env.X` is the string `'undefined'`, which is true in a condition",
    'a default such as `process.env.PORT ?? 3000` is no longer used',
    'it fails only on machines where the variable is not set: CI passes, or only CI fails',
  ],
  cause:
    '`process.env` holds strings only. Assigning `undefined`, or a saved value that was `undefined`, stores the string `"undefined"`: ' +
    'the restore itself leaves the variable set.',
  remedy:
    'Delete it when it was not set: `if (previous === undefined) delete process.env.X; else process.env.X = previous;`. `setEnv(t, { X: undefined })` of `savepoint/process` does both, the unsetting and the way back.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      '`process.env.X = undefined`',
      'an assignment of a value that the file saved from `process.env`, with no check for `undefined` around it',
    ],
    cannotSee: [
      'values saved through another object or by a helper in another file',
      'whether the variable is set on your machine: the fault shows where it is not',
    ],
    messages: {
      literal:
        "`process.env` holds strings: this stores the string 'undefined' in `{{name}}`. Delete the variable.",
      saved:
        "`{{saved}}` is undefined where `{{name}}` is not set, and this stores the string 'undefined'. Delete the variable then.",
    },
    suggestions: {
      deleteVariable: 'Delete `{{name}}`.',
      deleteWhenUndefined: 'Delete `{{name}}` when `{{saved}}` is undefined.',
    },
  },
  runtime: {
    sees: [
      "an assignment of `undefined` to a variable that was not set before the test, if it still holds the string 'undefined' when the file has ended, with its line",
    ],
    cannotSee: ['the fault on a machine where the variable is set: there the restore works'],
    message: "{{test}} left the string 'undefined' in {{name}}, which was not set before.",
  },
  evidence: [
    'nodejs/node#5829',
    'nodejs/node#9248',
    'nodejs/node#48875',
    'wafflebase/wafflebase#289',
    'https://nodejs.org/api/process.html#processenv',
    'https://nodejs.org/api/deprecations.html#DEP0104',
  ],
  whenNotToUse: "When a test really wants the string 'undefined'; then write it as a string.",
  examples: [
    {
      title: 'the saved value was undefined',
      file: 'region.test.cjs',
      reportedBy: ['linter', 'runtime'],
      bad: `const assert = require('node:assert/strict');
const { test } = require('node:test');

const region = () => process.env.APP_REGION ?? 'local';

test('reads the region', (t) => {
  const previous = process.env.APP_REGION;
  t.after(() => {
    process.env.APP_REGION = previous;
  });
  process.env.APP_REGION = 'eu';
  assert.equal(region(), 'eu');
});
`,
      good: `const assert = require('node:assert/strict');
const { test } = require('node:test');

const region = () => process.env.APP_REGION ?? 'local';

test('reads the region', (t) => {
  const previous = process.env.APP_REGION;
  t.after(() => {
    if (previous === undefined) delete process.env.APP_REGION;
    else process.env.APP_REGION = previous;
  });
  process.env.APP_REGION = 'eu';
  assert.equal(region(), 'eu');
});
`,
    },
  ],
});
