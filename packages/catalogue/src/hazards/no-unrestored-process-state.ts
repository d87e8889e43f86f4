import { defineHazard } from '../hazard.ts';
import { RESTORE_REPAIRS } from '../repairs.ts';

export const noUnrestoredProcessState = defineHazard({
  id: 'no-unrestored-process-state',
  title: 'Put back what a test changes of the process',
  category: 'process state',
  symptoms: [
    'process.chdir() is not supported in workers',
    'ERR_WORKER_UNSUPPORTED_OPERATION',
    'ENOENT: no such file or directory, uv_cwd',
    'ENOENT: process.cwd failed with error no such file or directory, the current working directory was likely removed without changing the working directory, uv_cwd',
  ],
  signs: [
    'a test passes alone and fails after another one, or passes only after it',
    'relative paths point into the directory of another test',
    'a feature flag, a time zone, a proxy or `NODE_TLS_REJECT_UNAUTHORIZED` set by one test is met by the next',
  ],
  cause:
    '`process.env` and the working directory belong to the process: to all tests of the file, to tests that run at the same time, and with `--test-isolation=none` to all files. ' +
    'A test changes them and does not put them back, or puts them back in a statement that a failing assertion skips.',
  remedy:
    'Set them through savepoint, which puts them back when the test ends: `setEnv(t, { NAME: "value" })`, `chdir(t, directory)` of `savepoint/process`. ' +
    'By hand: save the old value and restore it in `t.after`. Better still, pass the value or an absolute path to the code instead.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a write to `process.env`, a `delete process.env.X` or a `process.chdir()` in a test or hook that no hook, `finally` or helper of the file undoes',
      'a restore in a statement that an earlier throw skips',
    ],
    cannotSee: [
      'changes that the code under test makes',
      'a restore by a helper in another file, unless it is a hook at the top of one that the file imports or that the project’s test script loads',
      'changes at the top level of the file or in a `before` of the whole file, or, of a variable, of its only suite: they are set-up, and the process ends with the file',
    ],
    messages: {
      environment:
        '`{{name}}` stays changed after this {{scope}}. Use `setEnv(t, …)` of savepoint/process, or restore it in a hook.',
      environmentInline:
        '`{{name}}` is restored on line {{line}}, which an earlier throw skips. Restore it in `t.after`, or use `setEnv(t, …)` of savepoint/process.',
      workingDirectory:
        'The working directory stays changed after this {{scope}}. Use `chdir(t, …)` of savepoint/process, or restore it in a hook.',
      workingDirectoryInline:
        'The working directory is restored on line {{line}}, which an earlier throw skips. Restore it in `t.after`, or use `chdir(t, …)` of savepoint/process.',
    },
    suggestions: RESTORE_REPAIRS,
  },
  runtime: {
    sees: [
      'a variable of `process.env`, or the working directory, that a test or suite changed and that is still changed when the file has ended, with the line that changed it, be it a line of the code under test',
    ],
    cannotSee: [
      'a change that was put back, but only after another test had met it',
      'changes that the file makes outside of tests and suites: its process ends with it',
    ],
    message: '{{test}} left {{changed}} changed.',
  },
  fault: ({ kind, release }) =>
    (kind === 'environment' || kind === 'working-directory') &&
    (release.is === 'absent' || release.is === 'inline'),
  evidence: [
    'vitest-dev/vitest#566',
    'vitest-dev/vitest#1436',
    'avajs/ava#2956',
    'nodejs/node#41673',
    'nodejs/node#53927',
    'oven-sh/bun#40928',
    'open-gsd/gsd-core#330',
  ],
  whenNotToUse:
    'When each test of the suite runs in a process of its own, or a preload restores `process.env` after every test.',
  examples: [
    {
      title: 'an environment variable stays set',
      file: 'flags.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { test } from 'node:test';

const tagsEnabled = () => process.env.FEATURE_TAGS === 'on';

test('tags can be switched on', () => {
  process.env.FEATURE_TAGS = 'on';
  assert.equal(tagsEnabled(), true);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setEnv } from 'savepoint/process';

const tagsEnabled = () => process.env.FEATURE_TAGS === 'on';

test('tags can be switched on', (t) => {
  setEnv(t, { FEATURE_TAGS: 'on' });
  assert.equal(tagsEnabled(), true);
});
`,
    },
    {
      title: 'the working directory stays changed',
      file: 'config.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

test('finds its own file by a relative path', async () => {
  process.chdir(import.meta.dirname);
  assert.match(await readFile('config.test.mjs', 'utf8'), /relative path/);
});
`,
      good: `import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

test('finds its own file by a relative path', async (t) => {
  const previous = process.cwd();
  t.after(() => process.chdir(previous));
  process.chdir(import.meta.dirname);
  assert.match(await readFile('config.test.mjs', 'utf8'), /relative path/);
});
`,
    },
  ],
});
