/** Statements of a test file that change what every other file uses. Knows SQL, but no driver. */
import { report } from '../lifetimes/judge.ts';
import { isWord, splitStatements, type Fragment } from '../pg/sql-lexer.ts';
import type { RunScope } from '../lifetimes/run-scope.ts';
import type { Trace } from '../trace.ts';

/** Something that statements are sent over. */
type Connection = object;

export interface SchemaChanges {
  statement(
    over: Connection,
    text: string,
    by: { readonly scope: RunScope; readonly at: Trace },
    database: string | undefined,
  ): void;
  /** The connection went back to its pool. */
  clientReleased(over: Connection): void;
  clientEnds(over: Connection): void;
}

/** How statements begin that change a schema. */
export const CHANGES: ReadonlySet<string> = new Set(['create', 'alter', 'drop']);
const OF_THE_SESSION = new Set(['temp', 'temporary']);
/** What a file may have for itself, when it makes it under a name that was free. */
const PLACES = new Set(['database', 'schema']);
/** Words of a statement that a report shows: what is changed, without what it becomes. */
const SHOWN_WORDS = 6;

/** Reports changes of a schema that is not this file's own, while the process holds no advisory lock. */
export function watchSchemaChanges(): SchemaChanges {
  const locking = new Set<Connection>();
  /** Databases and schemas that this process made. */
  const own = new Set<string>();
  /** Connections whose search path leads there. */
  const inOwn = new WeakSet<Connection>();
  return {
    statement(over, text, { scope, at }, database) {
      for (const fragment of splitStatements(text)) {
        const made = placeMadeBy(fragment);
        const isOwn = fragment.tokens.some(({ value }) => own.has(value));
        if (made !== undefined) own.add(made);
        else if (takesLock(fragment)) locking.add(over);
        else if (givesLockBack(fragment)) locking.delete(over);
        else if (!changesSchema(fragment)) {
          if (isOwn && isWord(fragment.tokens[0], 'set')) inOwn.add(over);
        } else if (locking.size === 0 && !isOwn && !inOwn.has(over) && !own.has(database ?? '')) {
          const values = { statement: headOf(fragment) };
          report('no-concurrent-migrations', scope, { values, used: at });
        }
      }
    },
    clientReleased: (over) => void locking.delete(over),
    clientEnds: (over) => void locking.delete(over),
  };
}

/** The name of a database or schema that the statement makes anew; `if not exists` may find another's. */
function placeMadeBy({ tokens: [first, what, name] }: Fragment): string | undefined {
  const makesPlace = isWord(first, 'create') && what?.kind === 'word' && PLACES.has(what.value);
  return makesPlace && !isWord(name, 'if') ? name?.value : undefined;
}

function changesSchema(fragment: Fragment): boolean {
  const [, ...rest] = fragment.tokens;
  return (
    beginsWith(fragment, CHANGES) &&
    !rest.slice(0, 3).some(({ value }) => OF_THE_SESSION.has(value))
  );
}

/** Whether a statement begins with one of these words. */
export function beginsWith({ tokens: [first] }: Fragment, words: ReadonlySet<string>): boolean {
  return first.kind === 'word' && words.has(first.value);
}

function takesLock(fragment: Fragment): boolean {
  return calls(fragment, /^pg_(try_)?advisory_(xact_)?lock(_shared)?$/);
}

function givesLockBack(fragment: Fragment): boolean {
  return calls(fragment, /^pg_advisory_unlock/);
}

function calls({ tokens }: Fragment, name: RegExp): boolean {
  return tokens.some(({ kind, value }) => kind === 'word' && name.test(value));
}

/** The beginning of a statement, up to anything that might be a secret. */
export function headOf({ tokens }: Fragment): string {
  const words = tokens.slice(0, SHOWN_WORDS);
  const end = words.findIndex(({ kind, value }) => kind === 'string' || value === '(');
  return words
    .slice(0, end === -1 ? undefined : end)
    .map(({ value }) => value)
    .join(' ');
}
