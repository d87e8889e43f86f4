/**
 * Statements that mean something else in a sandbox than in a transaction of their own: refused, or
 * noted, by what they mention and by what the server answers.
 */
import pg from 'pg';
import type { AppTransaction } from './app-transaction.ts';
import type { Question } from './question.ts';
import { refusedByServer, refusedConcurrency, sameInAllTransactions } from './refusals.ts';
import type { Session } from './session.ts';
import { MODE_PARAMETERS, type Statement } from './statements.ts';

/**
 * Judges a query before it is sent.
 * @throws HazardError when a sandbox cannot answer it
 */
export function judgeStatement(
  session: Session,
  question: Question,
  transaction: AppTransaction,
  statement: Statement,
): void {
  const { mentions } = statement;
  if (mentions.size === 0) return;
  if (mentions.has('parameters')) judgeReading(session, question, transaction, statement);
  if (mentions.has('snapshot') && !transaction.modes.inSavepoint)
    throw refusedConcurrency(session, question, 'pg_export_snapshot()');
  if (mentions.has('enum value')) transaction.addsEnumValue = true;
  if (session.history.transactions < 2) return;
  const same = mentions.has('clock') ? 'now()' : mentions.has('transaction id') && 'transaction id';
  if (same)
    session.notes.tell('no-frozen-now', () => sameInAllTransactions(session, question, same));
}

/** What reads, by name, a mode that the transaction around the test has not. */
function judgeReading(
  session: Session,
  question: Question,
  { modes }: AppTransaction,
  { fragment }: Statement,
): void {
  const hidden = modes
    .hiddenIn(session.modes)
    // That one is told ahead of the query.
    .filter((mode) => mode !== 'readOnly')
    .map((mode) => MODE_PARAMETERS[mode]);
  if (hidden.length === 0) return;
  const words = [...fragment.tokens.map(({ value }) => value), ...question.values];
  const read = hidden.find((name) =>
    words.some((word) => typeof word === 'string' && word.toLowerCase() === name),
  );
  if (read !== undefined)
    throw refusedConcurrency(session, question, `a look at ${read} other than by SHOW`);
}

const INVALID_TRANSACTION_TERMINATION = '2D000';
const UNSAFE_NEW_ENUM_VALUE = '55P04';
const OBJECT_IN_USE = '55006';

/**
 * The refusal behind an error that the server gives only because of the sandbox.
 * @param isWhole whether the statement is a transaction of its own
 */
export function refusalBehind(
  session: Session,
  question: Question,
  error: Error,
  isWhole: boolean,
): Error | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const refused = (statement: string) => refusedByServer(session, question, statement, error);
  if (error.code === UNSAFE_NEW_ENUM_VALUE && session.history.enumValueAdded)
    return refused('A value that ALTER TYPE … ADD VALUE added in this test');
  if (error.code === OBJECT_IN_USE && session.history.cursorReadsTables)
    return refused('What changes a table that a cursor WITH HOLD still reads');
  if (!isWhole) return undefined;
  if (error.code === INVALID_TRANSACTION_TERMINATION)
    return refused('COMMIT or ROLLBACK inside a procedure or DO');
  if (error.routine === 'PreventInTransactionBlock')
    return refused(error.message.replace(/ cannot run inside .*/s, ''));
  return undefined;
}
