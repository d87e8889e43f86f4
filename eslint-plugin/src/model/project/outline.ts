/**
 * A file's statements at the top, found without a parser: where each stands, what it declares and
 * which words it says. Enough to pick the few that are worth parsing; a helper is rarely worth it
 * whole. What stands in brackets is passed by, and read for its words only where somebody asks for
 * them. Text that it misreads is text that is not followed.
 */
import { once } from '../once.ts';
import { behind, isClosing, isOpening, isPair } from './brackets.ts';
import { AS_REGEX, endOfRegex } from './literals.ts';
import { readTokens } from './tokens.ts';
import { wordsOf } from './words.ts';

export interface Statement {
  readonly text: string;
  /** The names that it declares for the file, and perhaps some it only mentions. */
  readonly declares: ReadonlySet<string>;
  /** Every word in it that may be a name: all but those behind a dot. */
  readonly words: () => ReadonlySet<string>;
  /** Whether it has such a word. */
  readonly says: (word: string) => boolean;
  /** The texts in quotes that may be module specifiers. */
  readonly strings: () => ReadonlySet<string>;
  readonly is: 'import' | 'function' | 'class' | 'variable' | 'other';
}

interface Draft {
  readonly start: number;
  readonly declares: Set<string>;
  is: Statement['is'] | undefined;
  /** What the next word is: the name of a declaration, one of the names of a pattern, or neither. */
  names: 'one' | 'pattern' | 'none';
}

/** Words that a statement does not end with, or does not begin with. */
const GOES_ON =
  /^(?:export|default|async|import|const|let|var|type|declare|abstract|function|class|new|await|typeof|extends|implements|return|else|do|try|finally)$/;
const BELONGS_BEFORE =
  /^(?:instanceof|in|of|as|satisfies|from|extends|implements|else|catch|finally)$/;

/** The statements of a text; undefined when its brackets do not match. */
export function outlineOf(text: string): readonly Statement[] | undefined {
  const statements: Statement[] = [];
  /** The brackets around the names of a pattern; all others are passed by. */
  const open: string[] = [];
  let draft: Draft | undefined;
  let previous = '';
  let isNewLine = false;

  function end(at: number): void {
    if (draft) statements.push(statementOf(text.slice(draft.start, at), draft));
    draft = undefined;
  }

  function word(name: string): void {
    if (!draft) return;
    if (open.length === 0) draft.is ??= kindOf(name);
    if (draft.names === 'none') {
      if (open.length === 0 && previous !== '.') draft.names = namesBehind(name, draft);
      return;
    }
    if (MODIFIERS.test(name)) return;
    draft.declares.add(name);
    if (draft.names === 'one') draft.names = 'none';
  }

  function punctuator(token: string): void {
    if (draft?.is !== 'variable' || open.length > 0) return;
    if (token === '=' || token === ':') draft.names = 'none';
    if (token === ',') draft.names = 'pattern';
  }

  const tokens = readTokens(text);
  let at = 0;
  while (at < text.length) {
    let next: number | undefined = tokens.endOf(at);
    if (tokens.kind === 'trivia') {
      isNewLine ||= tokens.hasNewLine;
      at = next;
      continue;
    }
    const token = text.slice(at, next);
    if (open.length === 0 && isNewLine && endsBefore(previous, token)) end(at);
    isNewLine = false;
    draft ??= { start: at, declares: new Set(), is: undefined, names: 'none' };
    let seen = token;
    if (tokens.kind === 'word') word(token);
    else if (isOpening(token) && draft.names !== 'none') open.push(token);
    else if (isOpening(token) || token === '`') {
      next = behind(text, at);
      if (next === undefined) return undefined;
      seen = text.charAt(next - 1);
    } else if (token === '/') {
      const behindRegex = endOfRegex(text, at, previous);
      if (behindRegex !== undefined) [next, seen] = [behindRegex, AS_REGEX];
    } else if (isClosing(token)) {
      if (!isPair(open.pop(), token)) return undefined;
    } else if (tokens.kind === 'other') punctuator(token);
    at = next;
    if (token === ';' && open.length === 0) end(at);
    previous = seen;
  }
  end(text.length);
  return open.length === 0 ? statements : undefined;
}

function statementOf(text: string, { declares, is = 'other' }: Draft): Statement {
  const said = once(() => wordsOf(text));
  return {
    text,
    declares,
    is,
    words: () => said().words,
    says: (word) => text.includes(word) && said().words.has(word),
    strings: () => said().strings,
  };
}

const MODIFIERS = /^(?:const|let|var|async|abstract|using)$/;
const BEFORE_NAMES = /^(?:const|let|var|using)$/;

/** What a statement is by its first word that says so. */
function kindOf(word: string): Statement['is'] | undefined {
  switch (word) {
    case 'import':
      return 'import';
    case 'function':
      return 'function';
    case 'class':
      return 'class';
    case 'const':
    case 'let':
    case 'var':
      return 'variable';
    case 'export':
    case 'default':
    case 'declare':
    case 'abstract':
    case 'async':
      return undefined;
    default:
      return 'other';
  }
}

function namesBehind(word: string, { is }: Draft): Draft['names'] {
  if (is === 'variable') return BEFORE_NAMES.test(word) ? 'pattern' : 'none';
  if (is === 'import') return word === 'import' ? 'pattern' : 'none';
  return (is === 'function' && word === 'function') || (is === 'class' && word === 'class')
    ? 'one'
    : 'none';
}

/** Whether a statement ends in front of a token on a new line. */
function endsBefore(previous: string, token: string): boolean {
  return /^[\w$)\]}`'"\u0080-\uffff]/.test(previous) && !GOES_ON.test(previous)
    ? /^[\w$@'"#\u0080-\uffff]/.test(token) && !BELONGS_BEFORE.test(token)
    : false;
}
