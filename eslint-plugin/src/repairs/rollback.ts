/** Ends a transaction that an error leaves open, and guards a statement that is expected to fail. */
import type { TSESTree } from '@typescript-eslint/utils';
import type { Edit } from '../define-rule.ts';
import { bare, methodCallOn, statementOf, type Node } from '../model/ast.ts';
import type { FileModel } from '../model/file-model.ts';
import type { Transaction } from '../model/transactions.ts';
import { freshName } from './names.ts';
import { indentOf, indentUnit, insertAfter, insertBefore, newlineOf, written } from './text.ts';

/** ROLLBACK in the `catch` of the statement whose `finally` releases the client. */
export function rollBackOnError(
  file: FileModel,
  { handle, end, fn }: Transaction,
  { block, handler }: TSESTree.TryStatement,
): Edit[] | undefined {
  if (!end?.method || !fn.async) return undefined;
  const rollback = `await ${handle.name}.${end.method}('ROLLBACK');`;
  if (handler) {
    const [first] = handler.body.body;
    return first && [insertBefore(file, first, [rollback])];
  }
  const indent = indentOf(file, block.parent);
  if (indent === undefined) return undefined;
  const error = freshName(file, 'error');
  const newline = newlineOf(file) + indent;
  const inner = [rollback, `throw ${error};`]
    .map((line) => newline + indentUnit(file) + written(file, end.node, [line]))
    .join('');
  const at = block.range[1];
  return [{ range: [at, at], text: ` catch (${error}) {${inner}${newline}}` }];
}

/**
 * SAVEPOINT in front of an asserted failure, and the way back to it behind: the assertion sees to it that
 * there is nothing to keep. None for what may also succeed.
 */
export function guardFailure(
  file: FileModel,
  { handle }: Transaction,
  failing: Node,
): Edit[] | undefined {
  const statement = statementOf(failing);
  if (statement.type !== 'ExpressionStatement' || statement.parent.type !== 'BlockStatement') {
    return undefined;
  }
  const awaited = bare(statement.expression);
  const assertion = awaited.type === 'AwaitExpression' ? bare(awaited.argument) : undefined;
  if (assertion?.type !== 'CallExpression' || assertion.arguments[0] !== failing) return undefined;
  const asked = handle.references
    .map(({ identifier }) => methodCallOn(identifier))
    .find((method) => method?.call === failing);
  if (asked?.name !== 'query') return undefined;
  const send = (text: string): string => `await ${handle.name}.query('${text}');`;
  return [
    insertBefore(file, statement, [send('SAVEPOINT expected_failure')]),
    insertAfter(file, statement, [send('ROLLBACK TO SAVEPOINT expected_failure')]),
  ];
}
