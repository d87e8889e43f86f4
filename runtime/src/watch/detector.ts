/** What a detector of the watch may be told. */
import type { RunScope } from '../lifetimes/run-scope.ts';
import type { HookRun } from './node-test.ts';

/** Looks for some hazards. Each moment is optional; calls are synchronous. */
export interface Detector {
  began?(scope: RunScope): void;
  hookEnded?(hook: HookRun): void;
  /** A test or suite is over, all its hooks included. */
  ended?(scope: RunScope): void;
  /** A test or suite was told to stop in the middle, by a time-out as a rule. Its hooks come yet. */
  stopped?(scope: RunScope): void;
  /** All tests and the `after` hooks of the file are over. */
  finished?(): void;
}
