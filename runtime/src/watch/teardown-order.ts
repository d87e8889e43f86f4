/** Teardown hooks that throw: node:test skips those that come after, and what they release leaks. */
import { report } from '../lifetimes/judge.ts';
import { sayScope } from '../lifetimes/run-scope.ts';
import { noteTeardownTold } from '../test-scope.ts';
import { traceOf } from '../trace.ts';
import type { Detector } from './detector.ts';

export function watchTeardownOrder(): Detector {
  return {
    hookEnded({ type, serves, signal, later, error }) {
      if (!type.startsWith('after') || !error || later === 0) return;
      noteTeardownTold(signal);
      const cause = (error as { cause?: unknown }).cause ?? error;
      const skipped = `${String(later)} ${later === 1 ? 'hook' : 'hooks'}`;
      report('no-fragile-teardown', serves, {
        happened: `An ${type} hook of ${sayScope(serves)} threw, which skipped ${skipped} after it.`,
        used: cause instanceof Error ? traceOf(cause.stack ?? '') : undefined,
        cause,
      });
    },
  };
}
