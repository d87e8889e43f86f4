/**
 * What COMMIT does to cursors WITH HOLD: it reads their rows, and these are all that each is from then
 * on. RELEASE SAVEPOINT does not; so they are read here, and declared again over what they gave.
 */
import pg from 'pg';
import type { AppTransaction } from './app-transaction.ts';
import type { CursorPlaces } from './cursor-places.ts';
import type { Fields, Submission } from './exchange.ts';
import { answerOf } from './kept/own-questions.ts';
import { refusedByServer } from './refusals.ts';
import { runUnnamed } from './real-connection.ts';
import type { Said } from './said.ts';
import type { Session } from './session.ts';
import { queryOf, type NamedColumn } from './said-rows.ts';
import { UNHEARD } from './unheard.ts';

interface HeldCursor {
  /** As SQL has it. */
  readonly name: string;
  readonly canGoBack: boolean;
  readonly isBinary: boolean;
  /** How many rows it has passed, where that is known. */
  readonly passed: number | undefined;
}

/** Where a cursor stands. */
interface Standing {
  readonly passed: number;
  readonly isAtEnd: boolean;
}

/** By this those are known that have been declared again. */
const MARK = '/* held by savepoint */';

const OPEN = `SELECT name, is_scrollable, is_binary FROM pg_catalog.pg_cursors
  WHERE is_holdable AND pg_catalog.strpos(statement, '${MARK}') = 0 ORDER BY creation_time, name`;

/**
 * Holds the cursors that a transaction leaves open.
 * @param places how far each was read
 * @throws what COMMIT fails with: the error of a row, or HazardError when rows cannot be said again
 */
export async function holdCursors(
  said: Said,
  transaction: AppTransaction,
  places: CursorPlaces,
): Promise<void> {
  const answer = await answerOf(said.session, OPEN);
  for (const [name, canGoBack, isBinary] of answer?.rows ?? []) {
    if (typeof name !== 'string') continue;
    await holdCursor(said, transaction, {
      name: pg.escapeIdentifier(name),
      canGoBack: canGoBack === 't',
      isBinary: isBinary === 't',
      passed: places.passedBy(name),
    });
  }
}

async function holdCursor(
  said: Said,
  transaction: AppTransaction,
  cursor: HeldCursor,
): Promise<void> {
  const { session } = said;
  const onRow = await rowsMoved(session, `RELATIVE 0 FROM ${cursor.name}`);
  if (onRow === undefined) {
    // It has failed, and ends with its transaction.
    session.sendLater(`CLOSE ${cursor.name}`);
    return;
  }
  const columns = await columnsOf(session, cursor);
  if (!columns || (!cursor.canGoBack && cursor.passed === undefined)) {
    session.history.cursorReadsTables = true;
    return;
  }
  const passed = await rowsPassed(session, cursor, onRow);
  const rows = await remainingRows(said, transaction, cursor);
  const query = queryOf(columns, behindPassed(cursor, rows));
  await declareAgain(said, cursor, { passed, isAtEnd: onRow === 0 && passed > 0 }, query);
}

/** The columns, before it is read; undefined when the values of one cannot be said. */
async function columnsOf(
  session: Session,
  cursor: HeldCursor,
): Promise<readonly NamedColumn[] | undefined> {
  const { heard, listener } = fetchingAll(cursor, 'described');
  const outcome = await session.exchange([], { listener });
  if (outcome.is !== 'done') throw outcome.error;
  const answer = await answerOf(session, typesOf(heard.columns));
  const columns = (answer?.rows ?? []).flatMap(([type], at) => {
    const column = heard.columns[at];
    return column && typeof type === 'string' ? [{ name: column.name, type }] : [];
  });
  return columns.length === heard.columns.length ? columns : undefined;
}

/** How many rows a cursor has passed, the one it stands on included. One that can go back stands ahead of all then. */
async function rowsPassed(
  session: Session,
  { name, canGoBack, passed = 0 }: HeldCursor,
  onRow: number,
): Promise<number> {
  if (!canGoBack) return passed;
  return ((await rowsMoved(session, `BACKWARD ALL FROM ${name}`)) ?? 0) + onRow;
}

/** What MOVE answers; undefined when it fails. */
async function rowsMoved(session: Session, way: string): Promise<number | undefined> {
  const answer = await answerOf(session, `MOVE ${way}`);
  return answer && Number(answer.tags[0]?.slice('MOVE '.length));
}

async function remainingRows(
  { session, asker }: Said,
  { modes }: AppTransaction,
  cursor: HeldCursor,
): Promise<readonly Fields[]> {
  const { heard, listener } = fetchingAll(cursor, 'run');
  const outcome = await session.exchange(modes.tell(), { listener }, (notice) => {
    asker.hearNotice(notice);
  });
  if (outcome.is !== 'done') throw outcome.error;
  return heard.rows;
}

/** One that cannot go back counts the rows that it has passed, too: others stand for them. */
function behindPassed(
  { canGoBack, passed = 0 }: HeldCursor,
  rows: readonly Fields[],
): readonly Fields[] {
  return canGoBack ? rows : [...Array.from({ length: passed }, () => []), ...rows];
}

async function declareAgain(
  { session, question }: Said,
  { name, canGoBack, isBinary }: HeldCursor,
  { passed, isAtEnd }: Standing,
  query: string,
): Promise<void> {
  const statements = [
    `${MARK} CLOSE ${name}`,
    `DECLARE ${name} ${isBinary ? 'BINARY ' : ''}${canGoBack ? '' : 'NO '}SCROLL CURSOR WITH HOLD FOR ${query}`,
    ...(passed > 0 ? [`MOVE FORWARD ${String(passed)} FROM ${name}`] : []),
    ...(isAtEnd ? [`MOVE FORWARD ALL FROM ${name}`] : []),
  ];
  const outcome = await session.exchange([], { text: statements.join('; '), listener: UNHEARD });
  if (outcome.is === 'done') return;
  if (outcome.is === 'lost') throw outcome.error;
  const what = `COMMIT with the cursor ${name} WITH HOLD over values that are not read as they are written`;
  throw refusedByServer(session, question, what, outcome.error);
}

interface Column {
  readonly name: string;
  readonly dataTypeID: number;
  readonly dataTypeModifier: number;
}

/**
 * FETCH ALL by the extended protocol, which answers texts also where the cursor is BINARY.
 * @param how whether it is run, or its columns are told only
 */
function fetchingAll(
  { name }: HeldCursor,
  how: 'run' | 'described',
): {
  readonly heard: { columns: readonly Column[]; readonly rows: Fields[] };
  readonly listener: Submission;
} {
  const heard = { columns: [] as readonly Column[], rows: [] as Fields[] };
  const listener: Submission = {
    ...UNHEARD,
    submit: (connection) => {
      connection.parse({ name: '', text: `FETCH ALL FROM ${name}`, types: [] }, false);
      if (how === 'run') runUnnamed(connection);
      else connection.describe({ type: 'S', name: '' }, false);
      connection.sync();
    },
    handleRowDescription: (message) => {
      heard.columns = (message as { readonly fields: readonly Column[] }).fields;
    },
    handleDataRow: (message) => {
      heard.rows.push((message as { readonly fields: Fields }).fields);
    },
  };
  return { heard, listener };
}

/** Asks what the server calls the types of columns; one whose values cannot be said has no name. */
function typesOf(columns: readonly Column[]): string {
  const numbers = columns.map(({ dataTypeID }) => dataTypeID).join();
  const modifiers = columns.map(({ dataTypeModifier }) => dataTypeModifier).join();
  return `SELECT CASE WHEN ${CAN_BE_SAID} THEN pg_catalog.format_type(type.oid, modifier) END
    FROM ROWS FROM (
      pg_catalog.unnest('{${numbers}}'::pg_catalog.oid[]), pg_catalog.unnest('{${modifiers}}'::pg_catalog.int4[])
    ) WITH ORDINALITY AS asked (number, modifier, place)
    JOIN pg_catalog.pg_type AS type ON type.oid = number ORDER BY place`;
}

/** Records do not say their types; some types of the server's own are never read; a name of a function may be that of several. */
const CAN_BE_SAID = `typtype <> 'p' AND (typcategory <> 'Z' OR typname = 'char') AND typname NOT IN ('regproc', 'regoper')`;
