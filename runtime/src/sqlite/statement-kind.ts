/** What a statement means to a sandbox. Reads tokens; knows no database and no state. */
import {
  foldCase,
  isSymbol,
  isWord,
  statementsOf,
  type Statement,
  type Token,
} from './sql-reader.ts';

/** A statement that begins, ends or divides a transaction. */
export type Control =
  | { readonly is: 'begin' }
  | { readonly is: 'commit' }
  | { readonly is: 'rollback' }
  | { readonly is: 'savepoint'; readonly name: string }
  | { readonly is: 'release'; readonly name: string }
  | { readonly is: 'rollback-to'; readonly name: string };

/** `value` is absent when the pragma only asks. */
export interface Pragma {
  readonly is: 'pragma';
  readonly name: string;
  readonly value: string | undefined;
}

export type StatementKind =
  | Control
  | Pragma
  | { readonly is: 'vacuum' }
  | { readonly is: 'attach' }
  | { readonly is: 'detach' }
  /** Changes the schema. */
  | { readonly is: 'schema' }
  | { readonly is: 'other' };

export const OTHER: StatementKind = { is: 'other' };

/** The words without one of which no statement of a text is of a kind. */
const VERBS =
  /\b(?:begin|commit|end|rollback|savepoint|release|pragma|vacuum|attach|detach|create|alter|drop)\b/i;

/** Whether all statements of a text are known, without reading it closely, to be `other`. */
export function isPlain(sql: string): boolean {
  return !VERBS.test(sql);
}

/** The kind of the first statement of a text; `other` when there is none. */
export function kindOf(sql: string): StatementKind {
  if (isPlain(sql)) return OTHER;
  const [first] = statementsOf(sql);
  return first ? kindOfStatement(first) : OTHER;
}

const CONTROLS: ReadonlySet<string> = new Set<Control['is']>([
  'begin',
  'commit',
  'rollback',
  'savepoint',
  'release',
  'rollback-to',
]);

export function isControl(kind: StatementKind): kind is Control {
  return CONTROLS.has(kind.is);
}

export function kindOfStatement({ tokens }: Statement): StatementKind {
  const [verb, ...rest] = tokens;
  if (verb.kind !== 'word') return OTHER;
  switch (verb.value) {
    case 'begin':
      return { is: 'begin' };
    case 'commit':
    case 'end':
      return { is: 'commit' };
    case 'rollback':
      return rollbackKind(rest);
    case 'savepoint':
      return named('savepoint', rest[0]);
    case 'release':
      return named('release', isWord(rest[0], 'savepoint') && isName(rest[1]) ? rest[1] : rest[0]);
    case 'pragma':
      return pragmaKind(rest);
    case 'vacuum':
      return { is: 'vacuum' };
    case 'attach':
      return { is: 'attach' };
    case 'detach':
      return { is: 'detach' };
    case 'create':
    case 'alter':
    case 'drop':
      return { is: 'schema' };
    default:
      return OTHER;
  }
}

/** `ROLLBACK [TRANSACTION [name]] [TO [SAVEPOINT] name]` */
function rollbackKind(tokens: readonly Token[]): StatementKind {
  const to = tokens.findIndex((token) => isWord(token, 'to'));
  if (to === -1) return { is: 'rollback' };
  const [first, second] = tokens.slice(to + 1);
  return named('rollback-to', isWord(first, 'savepoint') && isName(second) ? second : first);
}

function named(
  is: 'savepoint' | 'release' | 'rollback-to',
  token: Token | undefined,
): StatementKind {
  if (!isName(token)) return OTHER;
  return { is, name: token.kind === 'word' ? token.text : token.value };
}

function isName(token: Token | undefined): token is Token {
  return token !== undefined && token.kind !== 'symbol';
}

/** `PRAGMA [schema.]name [= value | (value)]` */
function pragmaKind(tokens: readonly Token[]): StatementKind {
  const [name, assignment, ...value] = isSymbol(tokens[1], '.') ? tokens.slice(2) : tokens;
  if (!name) return OTHER;
  const sets = isSymbol(assignment, '=') || isSymbol(assignment, '(');
  const text = value.filter((token) => !isSymbol(token, ')')).map((token) => token.value);
  return { is: 'pragma', name: foldCase(name.value), value: sets ? text.join('') : undefined };
}
