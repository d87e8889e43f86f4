/** What does a write change of `process.env`: which members, or all of it? */
import type { TSESTree } from '@typescript-eslint/utils';
import { bare, isCall, nameOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';

/** The member that an assignment or `delete` changes. */
export function changedVariable(change: Node): TSESTree.MemberExpression | undefined {
  const target =
    change.type === 'AssignmentExpression'
      ? bare(change.left)
      : change.type === 'UnaryExpression'
        ? bare(change.argument)
        : undefined;
  return target?.type === 'MemberExpression' ? target : undefined;
}

/** `process.env` itself, where it is assigned. */
export function isWholeEnvironment(file: FileModel, target: Node): boolean {
  const origin = file.originOf(target);
  return origin?.from === 'module' && origin.path.join('.') === 'env';
}

/** The variables that a change names, as the file would say them; none where one cannot be told. */
export function changedVariables(
  file: FileModel,
  change: Node,
): readonly { readonly key: string; readonly member: string }[] {
  if (isCall(change)) return assignedVariables(file, change.arguments);
  const target = changedVariable(change);
  const key = target && nameOf(target);
  return target && key && !isWholeEnvironment(file, target)
    ? [{ key, member: file.source.getText(target) }]
    : [];
}

/** `Object.assign(process.env, { X: '1' })`. */
function assignedVariables(file: FileModel, [environment, given]: readonly Node[]) {
  if (!environment || given?.type !== 'ObjectExpression') return [];
  const keys = given.properties.flatMap((property) =>
    property.type === 'Property' ? (nameOf(property) ?? []) : [],
  );
  if (keys.length < given.properties.length) return [];
  return keys.map((key) => ({
    key,
    member: /^[A-Za-z_$][\w$]*$/.test(key)
      ? `${file.source.getText(environment)}.${key}`
      : `${file.source.getText(environment)}['${key}']`,
  }));
}
