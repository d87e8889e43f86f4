/** What an app has done in a sandbox, as far as later statements are judged by it. */
import type { Statement } from './statements.ts';

export class History {
  /** How many transactions, of one statement or of many, have asked something. */
  transactions = 0;
  /** Whether a transaction that is over gave an enum a value. */
  enumValueAdded = false;
  /** Whether the app may have changed the modes that its transactions begin with. */
  modesChanged = false;

  /** Whether a cursor of a transaction that is over still reads its tables. */
  cursorReadsTables = false;

  note({ mentions }: Statement): void {
    if (mentions.has('default modes')) this.modesChanged = true;
  }
}
