/**
 * Where a bracket or a template is closed. Most of a file stands in brackets of which nothing is
 * asked: what is neither bracket nor quote is passed by in one step.
 */
import { AS_REGEX, endOfRegex, endOfTemplateText, isPlaceholder } from './literals.ts';
import { readTokens } from './tokens.ts';

const PASSED_BY =
  /(?:[^"'`/()[\]{}]+|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|\/\/.*|\/\*[\s\S]*?\*\/)*/y;
const CLOSED_BY: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

export function isOpening(token: string): boolean {
  return token === '(' || token === '[' || token === '{';
}

export function isClosing(token: string): boolean {
  return token === ')' || token === ']' || token === '}';
}

export function isPair(opening: string | undefined, closing: string): boolean {
  return opening !== undefined && CLOSED_BY[opening] === closing;
}

/** The end of what the bracket or the template at `start` begins; undefined when it is not closed. */
export function behind(text: string, start: number): number | undefined {
  /** A placeholder of a template by its `$`. */
  const open: string[] = [];
  let at = start;
  let previous = '';

  /** The token before a slash, of those behind the last bracket. */
  function tokenBefore(slash: number, from: number): string {
    const tokens = readTokens(text);
    let last = previous;
    for (let index = from, end = from; index < slash; index = end) {
      end = tokens.endOf(index);
      if (tokens.kind !== 'trivia') last = text.slice(index, end);
    }
    return last;
  }

  function template(from: number): boolean {
    const end = endOfTemplateText(text, from);
    if (end === undefined) return false;
    if (isPlaceholder(text, end)) open.push('$');
    at = end;
    return true;
  }

  for (let from = start; at < text.length; from = at, at = passedBy(text, at)) {
    const char = text.charAt(at);
    if (char === '/') {
      const token = tokenBefore(at, from);
      const end = endOfRegex(text, at, token);
      previous = end === undefined ? char : AS_REGEX;
      at = end ?? at + 1;
      continue;
    }
    previous = char;
    if (char === '`' || (char === '}' && open.at(-1) === '$')) {
      if (char === '}') open.pop();
      if (!template(at + 1)) return undefined;
      previous = text.charAt(at - 1);
    } else {
      if (isOpening(char)) open.push(char);
      if (isClosing(char) && !isPair(open.pop(), char)) return undefined;
      at++;
    }
    if (open.length === 0) return at;
  }
  return undefined;
}

function passedBy(text: string, at: number): number {
  PASSED_BY.lastIndex = at;
  PASSED_BY.test(text);
  return PASSED_BY.lastIndex;
}
