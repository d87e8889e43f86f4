/** What is said, by whom, and where. */
import type { Question } from './question.ts';
import type { Asker, Session } from './session.ts';
import type { Statement } from './statements.ts';

/** One text of a client. */
export interface Said {
  readonly session: Session;
  readonly asker: Asker;
  readonly question: Question;
  /** What the text says; empty where only the driver knows it. */
  readonly statements: readonly Statement[];
}
