/** Work that outlives the test that began it. */
import { report } from '../lifetimes/judge.ts';
import type { Detector } from './detector.ts';
import { isPending, type Request } from './pg-driver.ts';

export interface LateWork extends Detector {
  /** Something was asked of a pool. */
  requested(request: Request): void;
}

/** Sees what a test asked for and did not wait for, and what is asked in its name once it is over. */
export function watchLateWork(): LateWork {
  let pending: Request[] = [];

  const reportLate = ({ scope, at }: Request) =>
    report('no-late-activity', scope, { values: { noun: 'pool' }, used: at });

  return {
    requested(request) {
      if (request.scope.ended) reportLate(request);
      else if (request.scope.scope !== 'file') pending.push(request);
    },
    ended(scope) {
      const own = pending.filter((request) => request.scope === scope && isPending(request));
      pending = pending.filter((request) => request.scope !== scope);
      // A test that failed was stopped in the middle of its work; only one that passed left it behind.
      if (!scope.failed) own.forEach(reportLate);
    },
  };
}
