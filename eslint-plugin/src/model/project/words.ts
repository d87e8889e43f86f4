/** Which words, and which texts in quotes, does a piece of code say? Its brackets are known to match. */
import { AS_REGEX, endOfRegex, endOfTemplateText, isPlaceholder } from './literals.ts';
import { readTokens } from './tokens.ts';

export interface Words {
  readonly words: ReadonlySet<string>;
  readonly strings: ReadonlySet<string>;
}

export function wordsOf(text: string): Words {
  const words = new Set<string>();
  const strings = new Set<string>();
  /** Whether what a brace closes is the placeholder of a template. */
  const placeholders: boolean[] = [];
  const tokens = readTokens(text);
  let previous = '';

  /** The end of a template's text; text that has none does not get here. */
  function template(from: number): number {
    const end = endOfTemplateText(text, from) ?? text.length;
    if (isPlaceholder(text, end)) placeholders.push(true);
    return end;
  }

  for (let at = 0, next = 0; at < text.length; at = next) {
    next = tokens.endOf(at);
    if (tokens.kind === 'trivia') continue;
    let token = text.slice(at, next);
    if (tokens.kind === 'string') strings.add(token.slice(1, -1));
    else if (tokens.kind === 'word') {
      if (previous !== '.') words.add(token);
    } else if (token === '`' || (token === '}' && placeholders.pop())) {
      next = template(next);
      token = '`';
    } else if (token === '{') placeholders.push(false);
    else if (token === '/') {
      const end = endOfRegex(text, at, previous);
      if (end !== undefined) [next, token] = [end, AS_REGEX];
    }
    previous = token;
  }
  return { words, strings };
}
