/**
 * SQLite's lexical rules (`tokenize.c`), as far as they decide where a statement ends and which
 * words it consists of. Knows no statement but CREATE TRIGGER, whose body holds semicolons.
 */

/** A token of SQL. Whitespace and comments are none. */
export interface Token {
  /** `name`: quoted by `"`, `` ` `` or `[`. */
  readonly kind: 'word' | 'name' | 'string' | 'symbol';
  /** `word`: in lower case. `name`, `string`: without quotes. `symbol`: the character. */
  readonly value: string;
  /** As it stands, quotes and case included. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** One statement of a text that may hold several, its semicolon included. */
export interface Statement {
  readonly tokens: readonly [Token, ...Token[]];
  readonly text: string;
}

const BLANK = /(?:[ \t\n\v\f\r\uFEFF]|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))+/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
/** A number or a parameter: no word, whatever letters it holds. */
const VALUE = /\d[\w.$\u0080-\uffff]*|[?@#:$][\w$\u0080-\uffff]*/y;
const CLOSING: Readonly<Record<string, string>> = { "'": "'", '"': '"', '`': '`', '[': ']' };

/** The tokens of a text. What is not terminated reaches to its end. */
export function* tokensOf(sql: string): Generator<Token, void> {
  let at = endOf(BLANK, sql, 0) ?? 0;
  while (at < sql.length) {
    const token = readToken(sql, at);
    yield token;
    at = endOf(BLANK, sql, token.end) ?? token.end;
  }
}

/** The statements of a text, as SQLite would run them one after another. Empty ones are left out. */
export function statementsOf(sql: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  const close = (end: number): void => {
    const [first, ...rest] = tokens;
    if (first) statements.push({ tokens: [first, ...rest], text: sql.slice(first.start, end) });
    tokens = [];
  };
  for (const token of tokensOf(sql)) {
    if (!isSymbol(token, ';')) tokens.push(token);
    else if (endsStatement(tokens)) close(token.end);
    else tokens.push(token);
  }
  close(sql.length);
  return statements;
}

/** Whether SQLite finds nothing to run in a text. It reads up to the first NUL. */
export function isEmpty(sql: string): boolean {
  const [read = ''] = sql.split('\0', 1);
  for (const token of tokensOf(read)) if (!isSymbol(token, ';')) return false;
  return true;
}

/** Whether a token is this unquoted word, given in lower case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.value);
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.value === symbol;
}

/** A trigger ends at the semicolon after the END that itself follows a semicolon (`sqlite3_complete`). */
function endsStatement(tokens: readonly Token[]): boolean {
  return !definesTrigger(tokens) || (isWord(tokens.at(-1), 'end') && isSymbol(tokens.at(-2), ';'));
}

function definesTrigger(tokens: readonly Token[]): boolean {
  let at = 0;
  if (isWord(tokens[at], 'explain'))
    at += isWord(tokens[1], 'query') && isWord(tokens[2], 'plan') ? 3 : 1;
  if (!isWord(tokens[at], 'create')) return false;
  return (
    isWord(tokens[at + 1], 'trigger') ||
    (isWord(tokens[at + 1], 'temp', 'temporary') && isWord(tokens[at + 2], 'trigger'))
  );
}

function readToken(sql: string, start: number): Token {
  const quoted = readQuoted(sql, start);
  if (quoted) return quoted;
  const word = endOf(WORD, sql, start);
  if (word !== undefined) return token('word', foldCase(sql.slice(start, word)), sql, start, word);
  const end = endOf(VALUE, sql, start) ?? start + 1;
  return token('symbol', sql.slice(start, end), sql, start, end);
}

function readQuoted(sql: string, start: number): Token | undefined {
  const opening = sql.charAt(start);
  const closing = CLOSING[opening];
  if (closing === undefined) return undefined;
  let value = '';
  let at = start + 1;
  for (;;) {
    const close = sql.indexOf(closing, at);
    value += sql.slice(at, close === -1 ? undefined : close);
    const end = close === -1 ? sql.length : close + 1;
    if (close === -1 || opening === '[' || sql.charAt(end) !== closing) {
      return token(opening === "'" ? 'string' : 'name', value, sql, start, end);
    }
    value += closing;
    at = end + 1;
  }
}

function token(kind: Token['kind'], value: string, sql: string, start: number, end: number): Token {
  return { kind, value, text: sql.slice(start, end), start, end };
}

/** SQLite folds ASCII letters only. */
export function foldCase(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The end of a sticky pattern's match at a position. */
function endOf(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}
