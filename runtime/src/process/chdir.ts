/** `chdir`: a working directory for the length of one test. */
import type { TestContext } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { SetupError } from '../setup-error.ts';
import { scopeOf } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import { assertMayChange, holdUntilEnd } from './process-state.ts';

const STATE = 'the working directory';

/**
 * Changes `process.cwd()` until the test ends.
 *
 * @param t the context of the test
 * @param directory an existing directory, absolute or relative to the current one
 * @throws HazardError `no-unrestored-process-state` when another running test has it changed (its
 *   own parents may)
 * @throws SetupError `ERR_SAVEPOINT_CHDIR_IN_WORKER` in a worker thread, where Node has no `process.chdir`
 * @throws Error `ENOENT` or `ENOTDIR`, as `process.chdir` does
 */
export function chdir(t: TestContext, directory: string): void {
  const scope = scopeOf(t);
  if (!isMainThread) {
    throw new SetupError(
      'ERR_SAVEPOINT_CHDIR_IN_WORKER',
      'chdir: a worker thread cannot change the working directory. Run the tests in processes ' +
        '(`--test-isolation=process`), or pass absolute paths and `cwd` to the code under test.',
    );
  }
  const trace = captureTrace();
  assertMayChange(STATE, scope, trace);
  const before = process.cwd();
  process.chdir(directory);
  holdUntilEnd(STATE, scope, trace, () => {
    process.chdir(before);
  });
}
