/** BEGIN on a client whose transaction is still open. */
import { bare, enclosingFunction, isCall, methodCallOn, outer, statementOf } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { isBegin } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import {
  isReachedFrom,
  isWithin,
  sentInside,
  transactionsOf,
  type Transaction,
} from './transactions.ts';

export interface NestedBegin {
  readonly begin: Sending;
  readonly transaction: Transaction;
}

export function* nestedBegins(file: FileModel): Iterable<NestedBegin> {
  for (const transaction of transactionsOf(file)) {
    if (transaction.by === 'callback') continue;
    const begin = sentInside(file, transaction).find(({ statements }) => statements.some(isBegin));
    if (begin && isNested(file, begin, transaction)) yield { begin, transaction };
  }
}

function isNested(file: FileModel, begin: Sending, transaction: Transaction): boolean {
  const { by, begun, fn } = transaction;
  if (enclosingFunction(begin.node) !== fn || expectedFailureOf(file, begin.node)) return false;
  if (isHandedOn(file, begin, transaction)) return false;
  if (by === 'hook') return true;
  return isReachedFrom(begun, begin.node) && statementOf(begun) !== statementOf(begin.node);
}

/**
 * Given to a function in between, or asked for a statement that the file does not show: either may end
 * the transaction. Or replaced by another client.
 */
function isHandedOn(file: FileModel, begin: Sending, { handle, range }: Transaction): boolean {
  const before: readonly [number, number] = [range[0], begin.node.range[0]];
  const shown = new Set(sendingsOf(file).map(({ node }) => node));
  return file.variables.references(handle).some((reference) => {
    const { identifier } = reference;
    if (!isWithin(identifier, before)) return false;
    const { parent } = outer(identifier);
    const asked = methodCallOn(identifier);
    if (asked && !shown.has(asked.call)) return true;
    return reference.isWrite() || (isCall(parent) && bare(parent.callee) !== identifier);
  });
}
