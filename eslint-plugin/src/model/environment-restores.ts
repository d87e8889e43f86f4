/** Assignments to `process.env` of a value that is, or may be, `undefined`. */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isFunction, nameOf, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isExport } from './origins.ts';
import { ALWAYS_SET } from './process-state.ts';

export interface UndefinedRestore {
  readonly assignment: TSESTree.AssignmentExpression;
  /** The expression that was saved; none for `undefined` itself. */
  readonly saved: string | undefined;
}

export function* undefinedRestores(file: FileModel): Iterable<UndefinedRestore> {
  const assignments = file.tree.assignments.flatMap((node) => {
    const name = environmentVariable(file, node.left);
    return name === undefined ? [] : [{ node, name }];
  });
  // Then there was a value to save.
  const setByFile = new Set(
    assignments
      .filter(({ node }) => file.frames.frameOf(node).is === 'file')
      .map(({ name }) => name),
  );
  for (const { node, name } of assignments) {
    if (node.operator !== '=') continue;
    const value = bare(node.right);
    if (file.variables.isGlobal(value, 'undefined')) {
      yield { assignment: node, saved: undefined };
    } else if (
      !ALWAYS_SET.has(name) &&
      isSavedValue(file, value, name) &&
      !setByFile.has(name) &&
      !isGuarded(file, node)
    ) {
      yield { assignment: node, saved: file.source.getText(node.right) };
    }
  }
}

/** `X` for `process.env.X`. */
function environmentVariable(file: FileModel, node: Node): string | undefined {
  const member = bare(node);
  if (member.type !== 'MemberExpression') return undefined;
  return isExport(file.originOf(member.object), 'process', 'env') ? nameOf(member) : undefined;
}

/** A variable that is only ever given `process.env.X`, of the same `X`. */
function isSavedValue(file: FileModel, value: Node, name: string): boolean {
  const variable = value.type === 'Identifier' ? file.variables.of(value) : undefined;
  const given = variable ? file.variables.values(variable) : undefined;
  const real = given?.filter(({ expression }) => !file.variables.isGlobal(expression, 'undefined'));
  return (
    real !== undefined &&
    real.length > 0 &&
    real.every(({ expression, path }) =>
      path.length === 0
        ? environmentVariable(file, expression) === name
        : path.join('.') === name && isExport(file.originOf(expression), 'process', 'env'),
    )
  );
}

/** Inside an `if`, a `?:` or behind `&&` that asks about the value; the asking is not read further. */
function isGuarded(file: FileModel, node: Node): boolean {
  for (let at: Node | undefined = node; at && !isFunction(at); at = at.parent) {
    if (/^(IfStatement|ConditionalExpression|LogicalExpression|SwitchCase)$/.test(at.type))
      return true;
  }
  return returnsBefore(file, node);
}

/** `if (saved === undefined) { delete …; return; }` in front of it. */
function returnsBefore(file: FileModel, node: Node): boolean {
  const block = node.parent?.parent;
  return (
    block?.type === 'BlockStatement' &&
    block.body.some(
      (statement) =>
        statement.type === 'IfStatement' &&
        statement.range[1] <= node.range[0] &&
        /\breturn\b/.test(file.source.getText(statement)),
    )
  );
}
