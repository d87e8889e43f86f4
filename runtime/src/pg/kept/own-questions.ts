/** What is asked of the server on the sandbox's own account, between the statements of the app. */
import { RESERVED_PREFIX } from '../app-transaction.ts';
import type { Fields } from '../exchange.ts';
import type { Session } from '../session.ts';
import { UNHEARD } from '../unheard.ts';

const GUARD = `${RESERVED_PREFIX}ask`;

export interface Answer {
  readonly rows: readonly Fields[];
  /** One of each command, `MOVE 1`. */
  readonly tags: readonly string[];
}

/** The answer to a question that may fail; nothing then. Whatever it did is undone. */
export async function answerOf(session: Session, sql: string): Promise<Answer | undefined> {
  const rows: Fields[] = [];
  const tags: string[] = [];
  const outcome = await session.exchange([`SAVEPOINT ${GUARD}`], {
    text: sql,
    listener: {
      ...UNHEARD,
      handleDataRow: (message) => void rows.push((message as { fields: Fields }).fields),
      handleCommandComplete: ({ text }) => void tags.push(text),
    },
  });
  session.sendLater(`ROLLBACK TO SAVEPOINT ${GUARD}`, `RELEASE SAVEPOINT ${GUARD}`);
  return outcome.is === 'done' ? { rows, tags } : undefined;
}

/** The same, of its rows. */
export async function rowsOf(
  session: Session,
  sql: string,
): Promise<readonly Fields[] | undefined> {
  return (await answerOf(session, sql))?.rows;
}
