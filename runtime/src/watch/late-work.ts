/** Work that outlives the test that began it. */
import { subscribe } from 'node:diagnostics_channel';
import { report } from '../lifetimes/judge.ts';
import { nounOf } from '../lifetimes/ledger.ts';
import { captureTrace } from '../trace.ts';
import type { Detector } from './detector.ts';
import { ambient } from './node-test.ts';
import { pendingRequests, type Call, type Client, type Pool, type Request } from './pg-driver.ts';

export interface LateWork extends Detector {
  /** Something was asked of a pool. */
  requested(request: Request): void;
  /** A statement was sent over a client that the user holds. */
  statement(over: Pool | Client, text: string, call: Call): void;
}

/** Sees what a test asked for and did not wait for, and what is asked in its name once it is over. */
export function watchLateWork(): LateWork {
  // Published by the undici of Node's own `fetch`, too, where the request is made.
  subscribe('undici:request:create', () => {
    const { scope, hook } = ambient();
    if (scope.ended) reportLate({ scope, hook, at: captureTrace() }, 'network');
  });

  return {
    requested(request) {
      if (request.scope.ended) reportLate(request, nounOf('pool'));
    },
    statement(over, _text, call) {
      if (call.scope.ended && !('totalCount' in over)) reportLate(call, nounOf('client'));
    },
    ended(scope) {
      // A test that failed was stopped in the middle of its work; only one that passed left it behind.
      if (scope.failed) return;
      for (const request of pendingRequests())
        if (request.scope === scope) reportLate(request, nounOf('pool'));
    },
  };
}

function reportLate({ scope, at }: Call, noun: string): void {
  report('no-late-activity', scope, { values: { noun }, used: at });
}
