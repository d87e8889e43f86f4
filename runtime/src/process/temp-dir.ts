/** `tempDir`: a directory of its own for one test. */
import { mkdtempSync, realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, sep } from 'node:path';
import type { TestContext } from 'node:test';
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { identityOf, sayTest } from '../test-family.ts';
import { scopeOf } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';

/**
 * Makes an empty directory that is removed, with all it holds, when the test ends.
 *
 * @param t the context of the test
 * @param prefix how its name begins; a plain name, no path
 * @returns its absolute path without symbolic links, so that it equals `process.cwd()` after `chdir`
 * @throws SetupError `ERR_SAVEPOINT_TEMP_DIR_PREFIX` when the prefix is a path
 * @throws HazardError `no-late-activity` when the test has ended
 */
export function tempDir(t: TestContext, prefix = 'savepoint-'): string {
  const scope = scopeOf(t);
  if (scope.ended) {
    throw new HazardError('no-late-activity', {
      happened: `A temporary directory was asked for by ${sayTest(scope.name)}, which has ended; nothing would remove it.`,
      acquired: scope.opened,
      used: captureTrace(),
      test: identityOf(scope),
    });
  }
  if (basename(prefix) !== prefix) {
    throw new SetupError(
      'ERR_SAVEPOINT_TEMP_DIR_PREFIX',
      `tempDir: the prefix ${JSON.stringify(prefix)} is a path; give the beginning of a name`,
    );
  }
  const directory = mkdtempSync(realpathSync(tmpdir()) + sep + prefix);
  // Retried: on Windows a file closed a moment ago may still be held by a virus scanner.
  scope.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}
