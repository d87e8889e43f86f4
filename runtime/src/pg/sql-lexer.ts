/**
 * PostgreSQL's lexical rules (`scan.l`, with `standard_conforming_strings` on), as far as they decide
 * where a statement ends and which words it consists of. Knows no statement.
 */

/** A token of SQL. Whitespace and comments are none. */
export interface Token {
  readonly kind: 'word' | 'identifier' | 'string' | 'number' | 'parameter' | 'symbol';
  /**
   * `word`: the unquoted word in lower case. `identifier`: the name without quotes. `string`: what the
   * literal says, except that the escapes of `E''` are left as they stand. `number`: bit strings and `N''`, too.
   * Else the text.
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
const CONTINUATION = /[ \t\f\v]*(?:--[^\n\r]*)?[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'/y;
const STRING_PREFIX = /(?:[eEbBxXnN]|[uU]&)?'/y;
const IDENTIFIER_PREFIX = /(?:[uU]&)?"/y;
const UESCAPE = /uescape(?![\w$\u0080-\uffff])/iy;
const ESCAPE_CHARACTER = /'[^']'/y;
const LAST_CODE_POINT = 0x10ffff;

/** The tokens of a text. What is not terminated (a string, a comment) is a symbol that reaches to its end. */
export function* tokensOf(sql: string): Generator<Token, void> {
  let at = skipBlanks(sql, 0);
  while (at < sql.length) {
    const token = readToken(sql, at);
    yield token;
    at = skipBlanks(sql, token.end);
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
  #inBody = false;

  reset(): void {
    this.#parentheses = 0;
    this.#inBody = false;
  }

  isOuterSemicolon(token: Token): boolean {
    return isSymbol(token, ';') && this.#parentheses === 0 && !this.#inBody;
  }

  enter(token: Token, statement: readonly Token[]): void {
    if (isSymbol(token, '(')) this.#parentheses++;
    else if (isSymbol(token, ')')) this.#parentheses = Math.max(0, this.#parentheses - 1);
    else if (this.#parentheses > 0) return;
    else if (this.#inBody) this.#inBody = !endsBody(token, statement.at(-2));
    else this.#inBody = beginsBody(token, statement);
  }
}

function beginsBody(token: Token, statement: readonly Token[]): boolean {
  return isWord(token, 'atomic') && isWord(statement.at(-2), 'begin') && definesRoutine(statement);
}

/** Anywhere else END closes a CASE, or is a name. */
function endsBody(token: Token, before: Token | undefined): boolean {
  return isWord(token, 'end') && (isSymbol(before, ';') || isWord(before, 'atomic'));
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

function skipBlanks(sql: string, from: number): number {
  let at = from;
  for (let next = skipBlank(sql, at); next !== at; next = skipBlank(sql, at)) at = next;
  return at;
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
  // What the server refuses is no blank.
  return depth > 0 ? at : position;
}

function readToken(sql: string, start: number): Token {
  return (
    // A comment that was closed is a blank.
    (sql.startsWith('/*', start) ? endless(sql, start) : undefined) ??
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
  const prefix = sql.charAt(start);
  const kind = /[bBxXnN]/.test(prefix) ? 'number' : 'string';
  const escapes = /[eE]/.test(prefix);
  let value = '';
  for (;;) {
    const part = readQuoted(sql, from, "'", escapes);
    if (!part) return endless(sql, start);
    value += part.value;
    const resumed = matchAt(CONTINUATION, sql, part.end);
    if (resumed === undefined) return readEscapes(sql, { kind, value, start, end: part.end });
    from = resumed;
  }
}

function readIdentifier(sql: string, start: number): Token | undefined {
  const from = matchAt(IDENTIFIER_PREFIX, sql, start);
  if (from === undefined) return undefined;
  const quoted = readQuoted(sql, from, '"', false);
  return quoted ? readEscapes(sql, { kind: 'identifier', start, ...quoted }) : endless(sql, start);
}

/** Decodes what begins with `U&`; its `UESCAPE 'x'` is a part of it. */
function readEscapes(sql: string, token: Token): Token {
  if (!/^[uU]&/.test(sql.slice(token.start, token.start + 2))) return token;
  const word = skipBlanks(sql, token.end);
  const afterWord = matchAt(UESCAPE, sql, word);
  const character = afterWord === undefined ? word : skipBlanks(sql, afterWord);
  const end = afterWord === undefined ? undefined : matchAt(ESCAPE_CHARACTER, sql, character);
  const escape = end === undefined ? '\\' : sql.charAt(end - 2);
  return { ...token, value: decode(token.value, escape), end: end ?? token.end };
}

function decode(text: string, escape: string): string {
  const escaped = /(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))/y;
  let value = '';
  for (let at = 0; at < text.length;) {
    escaped.lastIndex = at + 1;
    const isEscape = text.charAt(at) === escape;
    const [all = '', long, short] = (isEscape && escaped.exec(text)) || [];
    const code = Number.parseInt(long ?? short ?? '', 16);
    if (code <= LAST_CODE_POINT) value += String.fromCodePoint(code);
    // An escape that means itself is doubled.
    else value += text.charAt(at);
    at += isEscape ? Math.max(2, 1 + all.length) : 1;
  }
  return value;
}

/** What is never closed, which is an error for the server. */
function endless(sql: string, start: number): Token {
  return { kind: 'symbol', value: sql.charAt(start), start, end: sql.length };
}

function readQuoted(
  sql: string,
  from: number,
  quote: string,
  escapes: boolean,
): { value: string; end: number } | undefined {
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
  return undefined;
}

function readDollarString(sql: string, start: number): Token | undefined {
  const from = matchAt(DOLLAR_TAG, sql, start);
  if (from === undefined) return undefined;
  const tag = sql.slice(start, from);
  const to = sql.indexOf(tag, from);
  if (to === -1) return endless(sql, start);
  return { kind: 'string', value: sql.slice(from, to), start, end: to + tag.length };
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
