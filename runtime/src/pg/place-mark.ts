/** Remembers where code was, at the price of a stack, and reads it only when somebody wants to know. */
import { traceOf, type Trace } from '../trace.ts';

/** The place of the call that is made now, when it was put off. */
let resumed: (() => Trace) | undefined;

/** Makes a call that was put off; its place is where it was first made. */
export function resumeAt<T>(place: () => Trace, call: () => T): T {
  resumed = place;
  try {
    return call();
  } finally {
    resumed = undefined;
  }
}

/** Marks the caller's place. */
export function markPlace(): () => Trace {
  if (resumed) return resumed;
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const mark = new Error();
  Error.stackTraceLimit = before;
  return () => traceOf(mark.stack ?? '');
}
