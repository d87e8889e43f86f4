/** The edits that suggestions share: register a release with its test, remove a statement. */
import type { Edit } from './define-rule.ts';
import {
  bare,
  enclosingFunction,
  isFunction,
  outer,
  statementOf,
  type FunctionNode,
  type Node,
} from './model/ast.ts';
import type { FileModel } from './model/file-model.ts';
import type { Fixture } from './model/fixtures.ts';
import type { Frame } from './model/frames.ts';

/** Registers code to run when the test ends, after the statement that acquires. */
export function registerInTest(
  file: FileModel,
  { frame, acquiredAt }: Fixture,
  code: string,
): Edit[] | undefined {
  const statement = statementOf(acquiredAt);
  if (frame.is === 'file') return registerInFile(file, statement, code);
  const context = contextOf(file, frame);
  if (!context || !isStatementOf(statement, context.owner)) return undefined;
  return [...context.edits, insertAfter(file, statement, `${context.name}.after(() => ${code});`)];
}

/** By the name under which the file already has `after`, or a function that has it. */
function registerInFile(file: FileModel, statement: Node, code: string): Edit[] | undefined {
  if (statement.parent?.type !== 'Program') return undefined;
  const after = file.tree.calls.find(({ callee }) => {
    const called = file.frames.testCallOf(callee.parent);
    return (
      callee.type === 'Identifier' && called?.what.is === 'hook' && called.what.hook === 'after'
    );
  });
  const test = file.tree.calls.find(
    ({ callee }) =>
      callee.type === 'Identifier' && file.frames.testCallOf(callee.parent)?.what.is === 'test',
  );
  const name = after
    ? file.source.getText(after.callee)
    : test && `${file.source.getText(test.callee)}.after`;
  return name === undefined ? undefined : [insertAfter(file, statement, `${name}(() => ${code});`)];
}

function insertAfter(file: FileModel, statement: Node, line: string): Edit {
  const end = statement.range[1];
  return { range: [end, end], text: `${separatorAt(file, statement)}${line}` };
}

function isStatementOf(statement: Node, fn: FunctionNode): boolean {
  return statement.parent?.type === 'BlockStatement' && enclosingFunction(statement) === fn;
}

/** Saves a value before the statement that changes it, and registers its restore with the test. */
export function saveAndRestore(
  file: FileModel,
  { frame, acquiredAt, lifetime }: Fixture,
  code: { readonly save: string; readonly restore: string },
): Edit[] | undefined {
  const context = contextOf(file, frame);
  const statement = statementOf(acquiredAt);
  if (!context || !isStatementOf(statement, context.owner)) return undefined;
  if (lifetime.release.is !== 'absent') return undefined;
  const lines = [code.save, `${context.name}.after(() => ${code.restore});`, ''];
  const [start] = statement.range;
  return [
    ...context.edits,
    { range: [start, start], text: lines.join(separatorAt(file, statement)) },
  ];
}

/** The name of the test's context; where the test takes none, with the edit that adds it. */
export function contextOf(
  file: FileModel,
  frame: Frame,
): { name: string; owner: FunctionNode; edits: Edit[] } | undefined {
  if (frame.is !== 'test') return undefined;
  const { fn } = frame;
  const [parameter] = fn.params;
  if (parameter) {
    return parameter.type === 'Identifier' && isContextThroughout(file, fn, parameter)
      ? { name: parameter.name, owner: fn, edits: [] }
      : undefined;
  }
  const open = file.source.text.indexOf('(', fn.range[0]);
  const isFree = !/(?<![\w$.])t(?![\w$])/.test(file.source.getText(fn));
  if (!isFree || open < 0 || open > fn.body.range[0]) return undefined;
  return { name: 't', owner: fn, edits: [{ range: [open + 1, open + 1], text: 't' }] };
}

/** Not written over by another thing: `t = tspl(t)`. */
function isContextThroughout(file: FileModel, fn: FunctionNode, parameter: Node): boolean {
  const variable = file.variables.of(parameter);
  return (
    file.frames.takesContext(fn, 0) &&
    variable !== undefined &&
    !file.variables.references(variable).some((reference) => reference.isWrite())
  );
}

/** Removes the whole statement that a call is, with its line; undefined when it is part of more. */
export function removeStatement(file: FileModel, call: Node): Edit | undefined {
  const statement = statementOf(call);
  if (statement.type !== 'ExpressionStatement') return undefined;
  const expression = bare(statement.expression);
  const value = expression.type === 'AwaitExpression' ? bare(expression.argument) : expression;
  if (value !== call && !isPromiseAround(value, call)) return undefined;
  const { text } = file.source;
  const start = text.lastIndexOf('\n', statement.range[0] - 1);
  const isAlone = text.slice(start + 1, statement.range[0]).trim() === '';
  return {
    range: [isAlone && start >= 0 ? start : statement.range[0], statement.range[1]],
    text: '',
  };
}

/** `new Promise((resolve) => server.close(resolve))` around its one call. */
function isPromiseAround(value: Node, call: Node): boolean {
  if (value.type !== 'NewExpression') return false;
  const [executor] = value.arguments;
  return executor !== undefined && isFunction(executor) && executor.body === call;
}

/** What stands between two statements like this one: a new line with its indent, or a blank. */
export function separatorAt(file: FileModel, statement: Node): string {
  const { text } = file.source;
  const start = text.lastIndexOf('\n', statement.range[0] - 1) + 1;
  const before = text.slice(start, statement.range[0]);
  return before.trim() === '' ? `\n${before}` : ' ';
}

/** Registers the release with the test, in place of the one that may be skipped. */
export function registerRelease(file: FileModel, fixture: Fixture): Edit[] | undefined {
  if (fixture.releaseCode === undefined) return undefined;
  const registered = registerInTest(file, fixture, fixture.releaseCode);
  if (!registered || !fixture.releasedAt) return registered;
  const removed = removeStatement(file, fixture.releasedAt);
  return removed && [...registered, removed];
}

/** Awaits the statement, in a function that is or becomes asynchronous. */
export function awaitStatement(call: Node): Edit[] | undefined {
  const expression = outer(call);
  const fn = enclosingFunction(call);
  if (expression.parent?.type !== 'ExpressionStatement' || !fn || fn.generator) return undefined;
  const waiting: Edit = { range: [expression.range[0], expression.range[0]], text: 'await ' };
  if (fn.async) return [waiting];
  return fn.parent.type === 'CallExpression'
    ? [{ range: [fn.range[0], fn.range[0]], text: 'async ' }, waiting]
    : undefined;
}
