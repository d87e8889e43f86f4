/** Which modes a sandbox grants an app's transaction: it cannot have a stronger isolation level than its own. */
import type { Question } from './question.ts';
import { grantedStronger, refusedConcurrency } from './refusals.ts';
import type { Session } from './session.ts';
import { ISOLATION_LEVELS, type IsolationLevel, type TransactionModes } from './statements.ts';

/** @throws HazardError when the transaction around the test cannot stand for one with these modes */
export function grantModes(
  session: Session,
  question: Question,
  { isolation, deferrable, readOnly }: TransactionModes,
): void {
  const { isolation: granted } = session.modes;
  const strength = isolation && strengthOf(isolation) - strengthOf(granted);
  if (isolation && strength && strength > 0) {
    const wanted = `ISOLATION LEVEL ${isolation.toUpperCase()} (it has ${granted.toUpperCase()})`;
    throw refusedConcurrency(session, question, wanted);
  }
  // Anywhere else DEFERRABLE has no effect.
  if (deferrable && readOnly && isolation === 'serializable')
    throw refusedConcurrency(session, question, 'DEFERRABLE');
  if (isolation && strength && strength < 0)
    session.notes.tell('no-sandboxed-concurrency-test', () =>
      grantedStronger(session, question, `ISOLATION LEVEL ${isolation.toUpperCase()}`),
    );
}

/** PostgreSQL knows READ UNCOMMITTED by name only: it is READ COMMITTED. */
function strengthOf(isolation: IsolationLevel): number {
  return Math.max(ISOLATION_LEVELS.indexOf(isolation), ISOLATION_LEVELS.indexOf('read committed'));
}
