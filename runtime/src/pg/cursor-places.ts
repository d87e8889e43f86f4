/**
 * The cursors WITH HOLD of one transaction, and how far each was read: of one that cannot go back
 * the server does not tell. Learnt from what the app says and the server answers; asks nothing.
 */
import { sessionWordsOf } from './kept/session-words.ts';
import type { Statement } from './statements.ts';

interface Place {
  /** How many rows it has passed, the one it stands on included. */
  passed: number;
  /** Whether that is all: it was read in no way that does not tell. */
  isKnown: boolean;
}

export class CursorPlaces {
  readonly #places = new Map<string, Place>();

  /** How many rows a cursor has passed, where that is known. */
  passedBy(cursor: string): number | undefined {
    const place = this.#places.get(cursor);
    return place?.isKnown ? place.passed : undefined;
  }

  /** Notes a statement before it is sent. */
  note(statement: Statement): void {
    const place = this.#places.get(cursorReadBy(statement) ?? '');
    if (place) place.isKnown = false;
  }

  /** Hears that it is done. @param tag the server's answer, `FETCH 3` */
  hear(statement: Statement, tag: string): void {
    const made = cursorHeldBy(statement);
    if (made !== undefined) this.#places.set(made, { passed: 0, isKnown: true });
    const place = this.#places.get(cursorReadBy(statement) ?? '');
    const passed = place && passedAfter(place.passed, wayOf(statement), rowsIn(tag));
    if (place && passed !== undefined) Object.assign(place, { passed, isKnown: true });
  }
}

/** The cursor that DECLARE … WITH HOLD makes. */
export function cursorHeldBy(statement: Statement): string | undefined {
  if (statement.fragment.tokens[0].value !== 'declare') return undefined;
  return sessionWordsOf(statement).find((word) => word.is === 'make')?.name;
}

/** The cursor that FETCH or MOVE moves. */
function cursorReadBy({ fragment: { tokens } }: Statement): string | undefined {
  return ['fetch', 'move'].includes(tokens[0].value) ? tokens.at(-1)?.value : undefined;
}

/** What stands between FETCH and the name. */
function wayOf({ fragment: { tokens } }: Statement): string {
  const words = tokens.slice(1, -1).map(({ value }) => value);
  return words.join(' ').replace(/ ?\b(?:from|in)$/, '');
}

const ONWARDS = /^(?:next|(?:forward ?)?(?:all|[1-9]\d*)?)$/;
const TO_A_ROW = /^absolute ([1-9]\d*)$/;

function passedAfter(passed: number, way: string, rows: number): number | undefined {
  if (ONWARDS.test(way)) return passed + rows;
  const [, row] = TO_A_ROW.exec(way) ?? [];
  return row !== undefined && rows === 1 ? Number(row) : undefined;
}

function rowsIn(tag: string): number {
  return Number(/\d+$/.exec(tag)?.[0] ?? 0);
}
