/** An app's own pools under tests that run at the same time, captured by the test file or the preload. */
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { NODE_MAJOR } from '../../support/node-process.ts';
import { PRELOAD, runCaptured, type How } from './run-captured.ts';

const OPTIONS: Record<How, readonly string[]> = { rollbackEach: [], preload: PRELOAD };

/** The run passes to its end, and leaves nothing. */
async function passes(
  t: TestContext,
  files: readonly string[],
  options: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  const run = await runCaptured(t, files, options, env);
  assert.notEqual(run.exitCode, undefined, `the run did not end by itself:\n${run.output}`);
  assert.deepEqual(run.failed, [], run.output);
  assert.equal(run.exitCode, 0, run.output);
  assert.notEqual(run.passed.length, 0, run.output);
  assert.doesNotMatch(run.output, /savepoint saw/, 'the watch found fault with savepoint');
  assert.equal(run.rowsLeft, 0, 'rows were left in a database');
}

const FILES = {
  'many.mjs': 'more tests than connections',
  'together.mjs': 'tests and subtests at the same time',
  'hooks.mjs': 'hooks of every kind, and what they seed',
  'servers.mjs': 'servers and workers, for one test or for several',
  'pools.mjs': 'several pools, users and databases',
  'import-default.mjs': 'the default import of node:test',
  'import-named.mjs': 'a named import',
  'import-alias.mjs': 'an import under another name',
  'import-namespace.mjs': 'an import of the namespace',
};

const WITHOUT_ISOLATION =
  NODE_MAJOR === 22 ? '--experimental-test-isolation=none' : '--test-isolation=none';
const SHARING = ['shared-one.mjs', 'shared-two.mjs', 'own-pool.mjs'];

for (const how of ['rollbackEach', 'preload'] as const) {
  describe(`captured by ${how}`, () => {
    for (const [file, what] of Object.entries(FILES))
      test(what, (t) => passes(t, [file], OPTIONS[how]));

    test('two files over one pool, one over another, in processes of their own', (t) =>
      passes(t, SHARING, OPTIONS[how]));
    // Before, a file is always a process.
    if (NODE_MAJOR >= 22)
      test('the same files without isolation, in one process', (t) =>
        passes(t, SHARING, [...OPTIONS[how], WITHOUT_ISOLATION]));
  });
}

test('a test that runs out of time while it waits for a connection', async (t) => {
  const run = await runCaptured(t, ['waiting.mjs']);
  assert.deepEqual(run.failed, ['never has it', 'one connection'], run.output);
  assert.ok(run.passed.includes('has it when all is over'));
});

test('a file that requires node:test and pg, preloaded', (t) =>
  passes(t, ['import-required.cjs'], PRELOAD));

test('what only the preload has', (t) =>
  passes(t, ['preloaded.mjs'], PRELOAD, { SAVEPOINT_ALLOW_DATABASE: 'other, allowed' }));

test('the preload beside the watch, in either order', async (t) => {
  const watch = ['--import', 'savepoint/watch'];
  const SAVEPOINT_EVIDENCE = '/dev/null';
  await passes(t, ['together.mjs'], [...PRELOAD, ...watch], { SAVEPOINT_EVIDENCE });
  await passes(t, ['together.mjs'], [...watch, ...PRELOAD], { SAVEPOINT_EVIDENCE });
});
