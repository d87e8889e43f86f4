/**
 * How a file is written: its line ends, indents, quotes and semicolons, and edits that keep to them.
 * Knows statements, no tests.
 */
import type { Edit } from '../define-rule.ts';
import { bare, isFunction, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';

/** A line of code to insert; a tab at its front stands for one level of the file's own indent. */
export type Line = string;

interface Token {
  readonly type: string;
  readonly range: readonly [number, number];
}

/** The tokens of the file; none from a parser that gives none. */
export function tokensOf({ source }: FileModel): readonly Token[] {
  return source.ast.tokens ?? [];
}

export function newlineOf({ source }: FileModel): string {
  return source.text.includes('\r\n') ? '\r\n' : '\n';
}

/** The blanks in front of a node; undefined where other code stands there. */
export function indentOf({ source: { text } }: FileModel, node: Node): string | undefined {
  const start = text.lastIndexOf('\n', node.range[0] - 1) + 1;
  const before = text.slice(start, node.range[0]);
  return before.trim() === '' ? before : undefined;
}

/** What one level of indent is made of. */
export function indentUnit({ source }: FileModel): string {
  return /^(?:\t| {2,8}(?=\S))/m.exec(source.text)?.[0] ?? '  ';
}

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

export function quoteOf({ source }: FileModel): string {
  return /(?:from|require\()\s*(["'])/.exec(source.text)?.[1] ?? "'";
}

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
  const before = text.slice(0, start).replace(isLast ? /\s+$/ : /\r?\n[ \t]*$/, '');
  const isAtTop = before.length === start;
  return { range: [isAtTop ? start : before.length, end], text: '' };
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

/** Moves the lines that begin in a range deeper; text in template literals stays where it is. */
export function moveDeeper(
  file: FileModel,
  [start, end]: readonly [number, number],
  levels = 1,
): Edit[] {
  const templates = tokensOf(file).filter(({ type }) => type === 'Template');
  const unit = indentUnit(file).repeat(levels);
  const { text } = file.source;
  return [...text.slice(start, end).matchAll(/\n(?=[^\S\n]*\S)/g)].flatMap(({ index }) => {
    const at = start + index + 1;
    const isText = templates.some(({ range }) => range[0] < at && at < range[1]);
    return isText ? [] : [{ range: [at, at], text: unit } satisfies Edit];
  });
}
