/**
 * PostgreSQL's lexical rules (`scan.l`, with `standard_conforming_strings` on), as far as they decide
 * where a statement ends and which words it consists of. Knows no statement.
 */

/** A token of SQL. Whitespace and comments are none. */
export interface Token {
  readonly kind: 'word' | 'identifier' | 'string' | 'number' | 'parameter' | 'symbol';
  /**
   * `word`: the unquoted word in lower case. `identifier`: the name without quotes. `string`: what the
   * literal says, except that the escapes of `E''` and `U&''` are left as they stand. Else the text.
   */
  readonly value: string;
  /** Offsets into the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

/** One statement of a text that may hold several; without its semicolon. */
export interface Fragment {
  readonly tokens: readonly [Token, ...Token[]];
  readonly start: number;
  /** Past the statement's semicolon when it has one. */
  readonly end: number;
}

const SPACE = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const NUMBER = /(?:\d[\w]*(?:\.(?!\.)\w*)?|\.\d\w*)/y;
const PARAMETER = /\$\d+/y;
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
/** Two literals with a line break between them are one literal, which goes on under the rules of the first. */
const CONTINUATION = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;
const STRING_PREFIX = /(?:[eEbBxXnN]|[uU]&)?'/y;
const IDENTIFIER_PREFIX = /(?:[uU]&)?"/y;

/** The tokens of a text. What is not terminated (a string, a comment) reaches to its end. */
export function* tokensOf(sql: string): Generator<Token, void> {
  let at = 0;
  while (at < sql.length) {
    const next = skipBlank(sql, at);
    if (next !== at) {
      at = next;
      continue;
    }
    const token = readToken(sql, at);
    yield token;
    at = token.end;
  }
}

/** Splits a text into its statements, the way the server does. Empty statements are none. */
export function splitStatements(sql: string): Fragment[] {
  const fragments: Fragment[] = [];
  let tokens: Token[] = [];
  const close = (end: number) => {
    const [first, ...rest] = tokens;
    if (first) fragments.push({ tokens: [first, ...rest], start: first.start, end });
    tokens = [];
  };
  const body = new Nesting();
  for (const token of tokensOf(sql)) {
    if (body.isOuterSemicolon(token)) {
      close(token.end);
      body.reset();
    } else {
      tokens.push(token);
      body.enter(token, tokens);
    }
  }
  close(sql.length);
  return fragments;
}

/** What a semicolon must be outside of to end a statement: parentheses (CREATE RULE), BEGIN ATOMIC bodies. */
class Nesting {
  #parentheses = 0;
  #blocks = 0;

  reset(): void {
    this.#parentheses = 0;
    this.#blocks = 0;
  }

  isOuterSemicolon(token: Token): boolean {
    return isSymbol(token, ';') && this.#parentheses === 0 && this.#blocks === 0;
  }

  enter(token: Token, statement: readonly Token[]): void {
    if (isSymbol(token, '(')) this.#parentheses++;
    else if (isSymbol(token, ')')) this.#parentheses = Math.max(0, this.#parentheses - 1);
    else if (token.kind === 'word' && this.#parentheses === 0)
      this.#enterWord(token.value, statement);
  }

  #enterWord(word: string, statement: readonly Token[]): void {
    if (this.#blocks > 0) {
      if (word === 'case') this.#blocks++;
      if (word === 'end') this.#blocks--;
    } else if (
      word === 'atomic' &&
      isWord(statement.at(-2), 'begin') &&
      definesRoutine(statement)
    ) {
      this.#blocks = 1;
    }
  }
}

function definesRoutine(statement: readonly Token[]): boolean {
  const [first, second, third, fourth] = statement;
  if (!isWord(first, 'create')) return false;
  const noun = isWord(second, 'or') && isWord(third, 'replace') ? fourth : second;
  return isWord(noun, 'function') || isWord(noun, 'procedure');
}

/** Whether a token is this symbol. */
export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.value === symbol;
}

/** Whether a token is this unquoted word, given in lower case. */
export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.value === word;
}

function skipBlank(sql: string, at: number): number {
  return matchAt(SPACE, sql, at) ?? matchAt(LINE_COMMENT, sql, at) ?? skipBlockComment(sql, at);
}

function skipBlockComment(sql: string, at: number): number {
  if (!sql.startsWith('/*', at)) return at;
  let depth = 1;
  let position = at + 2;
  while (depth > 0 && position < sql.length) {
    if (sql.startsWith('/*', position)) {
      depth++;
      position += 2;
    } else if (sql.startsWith('*/', position)) {
      depth--;
      position += 2;
    } else {
      position++;
    }
  }
  return position;
}

function readToken(sql: string, start: number): Token {
  return (
    readString(sql, start) ??
    readIdentifier(sql, start) ??
    readDollarString(sql, start) ??
    readPattern('word', WORD, sql, start) ??
    readPattern('parameter', PARAMETER, sql, start) ??
    readPattern('number', NUMBER, sql, start) ?? {
      kind: 'symbol',
      value: sql.charAt(start),
      start,
      end: start + 1,
    }
  );
}

function readPattern(
  kind: 'word' | 'parameter' | 'number',
  pattern: RegExp,
  sql: string,
  start: number,
) {
  const end = matchAt(pattern, sql, start);
  if (end === undefined) return undefined;
  const text = sql.slice(start, end);
  return { kind, value: kind === 'word' ? foldCase(text) : text, start, end };
}

function readString(sql: string, start: number): Token | undefined {
  let from = matchAt(STRING_PREFIX, sql, start);
  if (from === undefined) return undefined;
  const escapes = /[eE]/.test(sql.charAt(start));
  let value = '';
  for (;;) {
    const part = readQuoted(sql, from, "'", escapes);
    value += part.value;
    const resumed = matchAt(CONTINUATION, sql, part.end);
    if (resumed === undefined) return { kind: 'string', value, start, end: part.end };
    from = resumed;
  }
}

function readIdentifier(sql: string, start: number): Token | undefined {
  const from = matchAt(IDENTIFIER_PREFIX, sql, start);
  return from === undefined
    ? undefined
    : { kind: 'identifier', start, ...readQuoted(sql, from, '"', false) };
}

function readQuoted(
  sql: string,
  from: number,
  quote: string,
  escapes: boolean,
): { value: string; end: number } {
  let value = '';
  let at = from;
  while (at < sql.length) {
    const character = sql.charAt(at);
    if (character === quote) {
      if (sql.charAt(at + 1) !== quote) return { value, end: at + 1 };
      value += quote;
      at += 2;
    } else if (escapes && character === '\\') {
      value += sql.slice(at, at + 2);
      at += 2;
    } else {
      value += character;
      at++;
    }
  }
  return { value, end: sql.length };
}

function readDollarString(sql: string, start: number): Token | undefined {
  const from = matchAt(DOLLAR_TAG, sql, start);
  if (from === undefined) return undefined;
  const tag = sql.slice(start, from);
  const close = sql.indexOf(tag, from);
  const to = close === -1 ? sql.length : close;
  return {
    kind: 'string',
    value: sql.slice(from, to),
    start,
    end: Math.min(sql.length, to + tag.length),
  };
}

/** The server folds ASCII letters only. */
function foldCase(word: string): string {
  return word.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The end of a sticky pattern's match at a position. */
function matchAt(pattern: RegExp, sql: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
}
