/**
 * How a file is written: its line ends, indents, quotes and semicolons, and edits that keep to them.
 * Knows statements, no tests.
 */
import type { Edit } from '../define-rule.ts';
import { bare, isFunction, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import { perFile } from '../model/per-file.ts';

/** A line of code to insert; a tab at its front stands for one level of the file's own indent. */
export type Line = string;

interface Token {
  readonly type: string;
  readonly range: readonly [number, number];
}

/** The tokens of the file; none from a parser that gives none. */
function tokensOf({ source }: FileModel): readonly Token[] {
  return source.ast.tokens ?? [];
}

/** The token that a place of the text belongs to. */
export function tokenAt(file: FileModel, offset: number): Token | undefined {
  const tokens = tokensOf(file);
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.range[1] ?? Infinity) <= offset) low = middle + 1;
    else high = middle;
  }
  const token = tokens[low];
  return token && token.range[0] <= offset ? token : undefined;
}

/** What ends a line, as the first line says. */
export function newlineOf({ source: { text } }: FileModel): string {
  return text[text.indexOf('\n') - 1] === '\r' ? '\r\n' : '\n';
}

/** The blanks in front of a node; undefined where other code stands there. */
export function indentOf({ source: { text } }: FileModel, node: Node): string | undefined {
  const start = text.lastIndexOf('\n', node.range[0] - 1) + 1;
  const before = text.slice(start, node.range[0]);
  return before.trim() === '' ? before : undefined;
}

/** What one level of indent is made of. */
export const indentUnit = perFile(
  ({ source }): string => /^(?:\t| {2,8}(?=\S))/m.exec(source.text)?.[0] ?? '  ',
);

/** The lines as one text, indented as far as the statement they stand beside. */
export function written(file: FileModel, beside: Node, lines: readonly Line[]): string {
  const indent = indentOf(file, beside);
  const finished = hasSemicolons(file, beside)
    ? lines
    : lines.map((line) => line.replace(/;$/, ''));
  if (indent === undefined) return lines.map((line) => line.trim()).join(' ');
  const unit = indentUnit(file);
  return finished
    .map((line) => indent + line.replace(/^\t+/, (tabs) => unit.repeat(tabs.length)))
    .join(newlineOf(file))
    .slice(indent.length);
}

/** Whether statements end as this one does: an expression or declaration without `;` says no. */
function hasSemicolons({ source: { text } }: FileModel, beside: Node): boolean {
  const mayHave = /^(Expression|Return|Throw)Statement$|^(Variable|Import)Declaration$/;
  return !mayHave.test(beside.type) || text[beside.range[1] - 1] === ';';
}

export const quoteOf = perFile(
  ({ source }): string => /(?:from|require\()\s*(["'])/.exec(source.text)?.[1] ?? "'",
);

/** Inserts lines behind a statement, and behind the comment that ends its line. */
export function insertAfter(file: FileModel, statement: Node, lines: readonly Line[]): Edit {
  const end = endOf(file, statement);
  return {
    range: [end, end],
    text: separatorAt(file, statement) + written(file, statement, lines),
  };
}

export function insertBefore(file: FileModel, statement: Node, lines: readonly Line[]): Edit {
  const [start] = statement.range;
  return {
    range: [start, start],
    text: written(file, statement, lines) + separatorAt(file, statement),
  };
}

/** What stands between two statements like this one: a new line with its indent, or a blank. */
export function separatorAt(file: FileModel, statement: Node): string {
  const indent = indentOf(file, statement);
  return indent === undefined ? ' ' : newlineOf(file) + indent;
}

/** The end of a statement with the comment behind it on its line. */
export function endOf({ source: { text } }: FileModel, statement: Node): number {
  const [, end] = statement.range;
  const behind = /^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*(?=\r?\n))/.exec(text.slice(end));
  return end + (behind?.[0].trimEnd().length ?? 0);
}

/** The start of a statement with the comments that stand on the lines right above it. */
export function startOf({ source: { text, ast } }: FileModel, statement: Node): number {
  let [start] = statement.range;
  for (const comment of (ast.comments ?? []).toReversed()) {
    if (comment.range[1] > start) continue;
    const isRightAbove = /^[ \t]*\r?\n[ \t]*$/.test(text.slice(comment.range[1], start));
    const lineStart = text.lastIndexOf('\n', comment.range[0] - 1) + 1;
    if (!isRightAbove || text.slice(lineStart, comment.range[0]).trim() !== '') break;
    [start] = comment.range;
  }
  return start;
}

/** Removes a statement with its line; a comment behind it stays, blank lines that would end a block go. */
export function removeStatement(file: FileModel, statement: Node): Edit {
  const { text } = file.source;
  const [start, end] = statement.range;
  if (indentOf(file, statement) === undefined) {
    return { range: [text[start - 1] === ' ' ? start - 1 : start, end], text: '' };
  }
  if (endOf(file, statement) !== end) {
    const gap = /^[ \t]*/.exec(text.slice(end))?.[0].length ?? 0;
    return { range: [start, end + gap], text: '' };
  }
  const isLast = /^\s*\}/.test(text.slice(end));
  const indent = indentOf(file, statement)?.length ?? 0;
  let from = Math.max(0, start - indent - (text[start - indent - 2] === '\r' ? 2 : 1));
  while (isLast && from > 0 && /\s/.test(text[from - 1] ?? '')) from--;
  return { range: [from, end], text: '' };
}

/** The statement that is this call, awaited or not, and nothing else. */
export function statementOfCall(call: Node): Node | undefined {
  const statement = statementOf(call);
  if (statement.type !== 'ExpressionStatement') return undefined;
  const expression = bare(statement.expression);
  const value = expression.type === 'AwaitExpression' ? bare(expression.argument) : expression;
  return bare(value) === call || isPromiseAround(value, call) ? statement : undefined;
}

/** `new Promise((resolve) => server.close(resolve))` around its one call. */
function isPromiseAround(value: Node, call: Node): boolean {
  if (value.type !== 'NewExpression') return false;
  const [executor] = value.arguments;
  if (executor === undefined || !isFunction(executor)) return false;
  if (executor.body.type !== 'BlockStatement') return executor.body === call;
  const [only, ...others] = executor.body.body;
  return others.length === 0 && only?.type === 'ExpressionStatement' && only.expression === call;
}

const templatesOf = perFile((file): readonly Token[] =>
  tokensOf(file).filter(
    ({ type, range }) => type === 'Template' && file.source.text.slice(...range).includes('\n'),
  ),
);

/** Moves the lines that begin in a range deeper; text in template literals stays where it is. */
export function moveDeeper(
  file: FileModel,
  [start, end]: readonly [number, number],
  levels = 1,
): Edit[] {
  const templates = templatesOf(file);
  const unit = indentUnit(file).repeat(levels);
  const { text } = file.source;
  return [...text.slice(start, end).matchAll(/\n(?=[^\S\n]*\S)/g)].flatMap(({ index }) => {
    const at = start + index + 1;
    const isText = templates.some(({ range }) => range[0] < at && at < range[1]);
    return isText ? [] : [{ range: [at, at], text: unit } satisfies Edit];
  });
}
