/**
 * Where the tokens of a text end, roughly: words, texts in quotes, blanks and comments, and single
 * characters for all else. Made for speed: whole files are read for the few lines that matter.
 */

export interface Tokens {
  /** The end of the token that begins here. What it is is told below, until the next one is asked for. */
  endOf(start: number): number;
  readonly kind: 'trivia' | 'string' | 'word' | 'other';
  /** Whether blanks or a comment have a new line in them. */
  readonly hasNewLine: boolean;
}

const STRING = /"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'/y;
const LINE = /.*/y;

export function readTokens(text: string): Tokens {
  const tokens = { endOf, kind: 'other' as Tokens['kind'], hasNewLine: false };
  return tokens;

  function endOf(start: number): number {
    const code = text.charCodeAt(start);
    if (isBlank(code)) return endOfBlanks(start);
    if (isWordStart(code)) return endOfWord(start);
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) return endOfString(start);
    if (code === SLASH) return endOfComment(start) ?? as('other', start + 1);
    if (isDigit(code)) return endOfNumber(start);
    const length = text.startsWith('...', start) ? 3 : text.startsWith('=>', start) ? 2 : 1;
    return as('other', start + length);
  }

  function as(kind: Tokens['kind'], end: number): number {
    tokens.kind = kind;
    return end;
  }

  function endOfBlanks(start: number): number {
    let end = start;
    tokens.hasNewLine = false;
    for (let code = text.charCodeAt(end); isBlank(code); code = text.charCodeAt(++end)) {
      if (code === NEW_LINE) tokens.hasNewLine = true;
    }
    return as('trivia', end);
  }

  function endOfWord(start: number): number {
    let end = start + 1;
    while (isWordPart(text.charCodeAt(end))) end++;
    return as('word', end);
  }

  function endOfNumber(start: number): number {
    let end = start + 1;
    for (let code = text.charCodeAt(end); isLetter(code) || isDigit(code) || code === DOT;) {
      code = text.charCodeAt(++end);
    }
    return as('other', end);
  }

  function endOfString(start: number): number {
    STRING.lastIndex = start;
    return STRING.test(text) ? as('string', STRING.lastIndex) : as('other', start + 1);
  }

  function endOfComment(start: number): number | undefined {
    const next = text.charCodeAt(start + 1);
    if (next === SLASH) {
      LINE.lastIndex = start;
      LINE.test(text);
      tokens.hasNewLine = false;
      return as('trivia', LINE.lastIndex);
    }
    const close = next === STAR ? text.indexOf('*/', start + 2) : -1;
    if (close < 0) return undefined;
    const newLine = text.indexOf('\n', start);
    tokens.hasNewLine = newLine >= 0 && newLine < close;
    return as('trivia', close + 2);
  }
}

const [NEW_LINE, SPACE, DOUBLE_QUOTE, DOLLAR, SINGLE_QUOTE] = [10, 32, 34, 36, 39];
const [HASH, STAR, DOT, SLASH, LOW_LINE, NO_ASCII] = [35, 42, 46, 47, 95, 128];

/** As `\s` has them. */
function isBlank(code: number): boolean {
  if (code === SPACE || (code >= 9 && code <= 13)) return true;
  return code > NO_ASCII && /\s/.test(String.fromCharCode(code));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** As `\w` has them, but the digits. */
function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === LOW_LINE;
}

function isWordStart(code: number): boolean {
  return isLetter(code) || code === DOLLAR || code === HASH || code >= NO_ASCII;
}

function isWordPart(code: number): boolean {
  return isLetter(code) || isDigit(code) || code === DOLLAR || code >= NO_ASCII;
}
