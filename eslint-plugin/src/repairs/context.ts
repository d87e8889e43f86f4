/** The context of a test, as code in its body can call it; where the test takes none, it gets one. */
import type { TSESTree } from '@typescript-eslint/utils';
import type { Edit } from '../define-rule.ts';
import { enclosingFunction, type FunctionNode, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Frame } from '../model/frames.ts';
import type { Named } from './imports.ts';
import { isUnused, meaningAt } from './names.ts';
import { indentOf, newlineOf } from './text.ts';

const NAMES = ['t', 'context', 'testContext'] as const;

/** Undefined for what is no test, and for a context that cannot be named at `at`. */
export function contextOf(file: FileModel, frame: Frame, at: Node): Named | undefined {
  if (frame.is === 'helper') return givenContext(file, frame.fn, at);
  if (frame.is !== 'test') return undefined;
  const { fn } = frame;
  const [parameter] = fn.params;
  if (!parameter) return addedContext(file, fn);
  if (parameter.type === 'ObjectPattern') return unpackedContext(file, fn, parameter);
  return givenContext(file, fn, at);
}

/** A parameter that is the context, and is not written over: `t = tspl(t)`. */
function givenContext(file: FileModel, fn: FunctionNode, at: Node): Named | undefined {
  const parameter = fn.params.find((_, index) => file.frames.takesContext(fn, index));
  if (parameter?.type !== 'Identifier') return undefined;
  const variable = file.variables.of(parameter);
  if (!variable || meaningAt(file, parameter.name, at) !== variable) return undefined;
  return file.variables.references(variable).some((reference) => reference.isWrite())
    ? undefined
    : { name: parameter.name, edits: [] };
}

function addedContext(file: FileModel, fn: FunctionNode): Named | undefined {
  const name = NAMES.find((each) => isUnused(file, each, fn));
  const from = (fn.typeParameters ?? fn.id)?.range[1] ?? fn.range[0];
  const open = file.source.text.indexOf('(', from);
  if (name === undefined || open < 0 || open > fn.body.range[0]) return undefined;
  return { name, edits: [{ range: [open + 1, open + 1], text: name }] };
}

/** `({ mock }) => {` becomes `(t) => { const { mock } = t;`: hooks need the context itself. */
function unpackedContext(
  file: FileModel,
  fn: FunctionNode,
  pattern: TSESTree.ObjectPattern,
): Named | undefined {
  const name = NAMES.find((each) => isUnused(file, each, fn));
  if (name === undefined || fn.body.type !== 'BlockStatement') return undefined;
  const { text } = file.source;
  const end = pattern.typeAnnotation?.range[0] ?? pattern.range[1];
  const line = `const ${text.slice(pattern.range[0], end).trimEnd()} = ${name};`;
  const [first] = fn.body.body;
  const indent = first && indentOf(file, first);
  const gap = indent === undefined ? ' ' : newlineOf(file) + indent;
  const start = fn.body.range[0] + 1;
  const edits: Edit[] = [
    { range: [pattern.range[0], end], text: name },
    { range: [start, start], text: gap + line },
  ];
  return { name, edits };
}

/** Whether a statement runs when the function does, not in a callback of it. */
export function isStatementOf(statement: Node, fn: FunctionNode): boolean {
  return statement.parent?.type === 'BlockStatement' && enclosingFunction(statement) === fn;
}
