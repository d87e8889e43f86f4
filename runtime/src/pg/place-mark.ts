/** Remembers where code was, at the price of a stack, and reads it only when somebody wants to know. */
import { traceOf, type Trace } from '../trace.ts';

/** Marks the caller's place. */
export function markPlace(): () => Trace {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const mark = new Error();
  Error.stackTraceLimit = before;
  return () => traceOf(mark.stack ?? '');
}
