/** What is asked of the server on the sandbox's own account, between the statements of the app. */
import { RESERVED_PREFIX } from '../app-transaction.ts';
import type { Fields } from '../exchange.ts';
import type { Session } from '../session.ts';

const GUARD = `${RESERVED_PREFIX}ask`;

/** The rows of a question that may fail; nothing then. Whatever it did is undone. */
export async function rowsOf(session: Session, sql: string): Promise<Fields[] | undefined> {
  const rows: Fields[] = [];
  const outcome = await session.exchange([`SAVEPOINT ${GUARD}`], {
    text: sql,
    listener: {
      submit: () => null,
      handleError: () => undefined,
      handleReadyForQuery: () => undefined,
      handleDataRow: (message) => void rows.push((message as { fields: Fields }).fields),
    },
  });
  session.sendLater(`ROLLBACK TO SAVEPOINT ${GUARD}`, `RELEASE SAVEPOINT ${GUARD}`);
  return outcome.is === 'done' ? rows : undefined;
}
