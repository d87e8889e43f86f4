/** One question of the app as the keepers of a session hear it, and what they want done about it. */
import type { AppTransaction } from '../app-transaction.ts';
import type { Question } from '../question.ts';
import type { Control } from '../exchange.ts';
import type { Asker } from '../session.ts';
import type { Said } from './expressions.ts';
import type { SessionWord } from './session-words.ts';

/** Statements that say something to their session, before they are sent. */
export interface Speech {
  readonly client: Asker;
  readonly transaction: AppTransaction;
  readonly question: Question;
  readonly said: Said;
  readonly words: readonly SessionWord[];
  /** How many statements are sent together. */
  readonly statements: number;
}

/** How they are sent, and what is to be done when the server has done them. */
export interface Wording {
  readonly ahead?: readonly Control[];
  /** Sent instead of what the app said. */
  readonly text?: string | undefined;
  /** The sandbox answers with this tag; nothing but what is ahead is sent. */
  readonly tag?: string | undefined;
  readonly done?: () => void | Promise<void>;
}

/** The words of one kind in a speech. */
export function wordsOf<const Kind extends SessionWord['is']>(
  { words }: Speech,
  ...kinds: readonly Kind[]
): Extract<SessionWord, { readonly is: Kind }>[] {
  return words.filter((word): word is Extract<SessionWord, { readonly is: Kind }> =>
    (kinds as readonly SessionWord['is'][]).includes(word.is),
  );
}
