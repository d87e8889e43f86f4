/**
 * A file's statements at the top, found without a parser: where each stands, what it declares and
 * which words it says. Enough to pick the few that are worth parsing; a helper is rarely worth it
 * whole. Text that it misreads is text that is not followed.
 */
import { readTokens } from './tokens.ts';

export interface Statement {
  readonly text: string;
  /** The names that it declares for the file, and perhaps some it only mentions. */
  readonly declares: ReadonlySet<string>;
  /** Every word in it that may be a name: all but those behind a dot. */
  readonly words: ReadonlySet<string>;
  /** The texts in quotes that may be module specifiers. */
  readonly strings: ReadonlySet<string>;
  readonly is: 'import' | 'function' | 'class' | 'variable' | 'other';
}

interface Draft {
  readonly start: number;
  readonly declares: Set<string>;
  readonly words: Set<string>;
  readonly strings: Set<string>;
  is: Statement['is'] | undefined;
  /** What the next word is: the name of a declaration, one of the names of a pattern, or neither. */
  names: 'one' | 'pattern' | 'none';
}

const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;

/** Words behind which an expression begins, so that a slash begins a regular expression. */
const BEFORE_EXPRESSION =
  /^(?:return|typeof|case|in|of|delete|void|throw|new|do|else|instanceof|await|yield|default)$/;
/** Words that a statement does not end with, or does not begin with. */
const GOES_ON =
  /^(?:export|default|async|import|const|let|var|type|declare|abstract|function|class|new|await|typeof|extends|implements|return|else|do|try|finally)$/;
const BELONGS_BEFORE =
  /^(?:instanceof|in|of|as|satisfies|from|extends|implements|else|catch|finally)$/;

/** The statements of a text; undefined when its brackets do not match. */
export function outlineOf(text: string): readonly Statement[] | undefined {
  const statements: Statement[] = [];
  /** The brackets that are open; `${` stands for a placeholder in a template. */
  const open: string[] = [];
  let draft: Draft | undefined;
  let previous = '';
  let isNewLine = false;

  function end(at: number): void {
    if (!draft) return;
    const { start, declares, words, strings, is = 'other' } = draft;
    statements.push({ text: text.slice(start, at), declares, words, strings, is });
    draft = undefined;
  }

  /** The end of a template's text from here; at a placeholder, its code comes next. */
  function template(from: number): number | undefined {
    TEMPLATE.lastIndex = from;
    const found = TEMPLATE.exec(text);
    if (found?.[1] === '${') open.push('${');
    return found ? TEMPLATE.lastIndex : undefined;
  }

  function word(name: string): void {
    if (!draft) return;
    if (previous !== '.') draft.words.add(name);
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
    let next = tokens.endOf(at);
    if (tokens.kind === 'trivia') {
      isNewLine ||= tokens.hasNewLine;
      at = next;
      continue;
    }
    const token = text.slice(at, next);
    if (open.length === 0 && isNewLine && endsBefore(previous, token)) end(at);
    isNewLine = false;
    draft ??= draftAt(at);
    let seen = token;
    if (tokens.kind === 'string') draft.strings.add(token.slice(1, -1));
    else if (tokens.kind === 'word') word(token);
    else if (token === '`' || (token === '}' && open.at(-1) === '${')) {
      if (token === '}') open.pop();
      const behind = template(next);
      if (behind === undefined) return undefined;
      next = behind;
      seen = '`';
    } else if (token === '/' && startsExpression(previous)) {
      REGEX.lastIndex = at;
      if (REGEX.test(text)) next = REGEX.lastIndex;
      seen = ')';
    } else if (token === '(' || token === '[' || token === '{') open.push(token);
    else if (token === ')' || token === ']' || token === '}') {
      if (open.pop() !== OPENS[token]) return undefined;
    } else punctuator(token);
    at = next;
    if (token === ';' && open.length === 0) end(at);
    previous = seen;
  }
  end(text.length);
  return open.length === 0 ? statements : undefined;
}

const OPENS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
const MODIFIERS = /^(?:const|let|var|async|abstract|using)$/;

function draftAt(start: number): Draft {
  return {
    start,
    declares: new Set(),
    words: new Set(),
    strings: new Set(),
    is: undefined,
    names: 'none',
  };
}

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
  if (is === 'variable') return MODIFIERS.test(word) ? 'pattern' : 'none';
  if (is === 'import') return word === 'import' ? 'pattern' : 'none';
  return (is === 'function' && word === 'function') || (is === 'class' && word === 'class')
    ? 'one'
    : 'none';
}

function startsExpression(previous: string): boolean {
  return (
    previous === '' ||
    BEFORE_EXPRESSION.test(previous) ||
    /^[^\w$)\]`'"\u0080-\uffff]/.test(previous)
  );
}

/** Whether a statement ends in front of a token on a new line. */
function endsBefore(previous: string, token: string): boolean {
  return /^[\w$)\]}`'"\u0080-\uffff]/.test(previous) && !GOES_ON.test(previous)
    ? /^[\w$@'"#\u0080-\uffff]/.test(token) && !BELONGS_BEFORE.test(token)
    : false;
}
