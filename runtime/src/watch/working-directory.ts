/** The working directory that tests and suites leave changed. */
import { syncBuiltinESMExports } from 'node:module';
import type { Ledger } from '../lifetimes/ledger.ts';
import { captureTrace, isOwnCall } from '../trace.ts';
import { ambient } from './node-test.ts';
import { before } from './wrap.ts';

/** Records the first change of each scope. A file may change it: its process ends with it. */
export function watchWorkingDirectory(ledger: Ledger): void {
  const changedBy = new WeakSet();
  let initial: string | undefined;
  before(process, 'chdir', () => {
    const { scope } = ambient();
    if (scope.scope === 'file' || changedBy.has(scope) || isOwnCall()) return;
    changedBy.add(scope);
    const previous = process.cwd();
    initial ??= previous;
    ledger.acquire({
      kind: 'working-directory',
      resource: {},
      owner: scope,
      acquired: captureTrace(),
      values: () => ({ changed: 'the working directory' }),
      isHeld: () => ![previous, initial].includes(process.cwd()),
    });
  });
  syncBuiltinESMExports();
}
