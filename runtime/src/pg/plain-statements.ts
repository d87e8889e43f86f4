/** Statements that concern rows and nothing else: neither their session nor what outlives a transaction. */
import { sessionWordsOf } from './kept/session-words.ts';
import { isWord } from './sql-lexer.ts';
import type { Statement } from './statements.ts';

const ABOUT_ROWS = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'values',
  'with',
  'table',
]);

const known = new WeakMap<readonly Statement[], boolean>();

/** Whether a text is one such statement. @param statements those of the text, the same array each time */
export function isPlain(statements: readonly Statement[]): boolean {
  let plain = known.get(statements);
  if (plain === undefined) known.set(statements, (plain = read(statements)));
  return plain;
}

function read(statements: readonly Statement[]): boolean {
  const [only, ...others] = statements;
  if (only?.kind !== 'ordinary' || others.length > 0 || only.mentions.size > 0) return false;
  const { tokens } = only.fragment;
  return (
    ABOUT_ROWS.has(tokens[0].value) &&
    sessionWordsOf(only).length === 0 &&
    !tokens.some((token) => isWord(token, 'set_config'))
  );
}
