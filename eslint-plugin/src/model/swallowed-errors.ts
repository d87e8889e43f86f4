/** Statements of a transaction that may fail, after which the transaction is used all the same. */
import { bare, isFunction, isInside, methodCallOn, type Node } from './ast.ts';
import { expectedFailureOf } from './expected-failures.ts';
import type { FileModel } from './file-model.ts';
import { isEnd, isRollback, isRollbackTo, isSavepoint } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import { isReachedFrom, sentInside, transactionsOf, type Transaction } from './transactions.ts';
import { within } from './tree.ts';

export interface SwallowedError {
  readonly failing: Sending;
  /** The first statement behind it that the server will refuse. */
  readonly next: Sending;
  readonly transaction: Transaction;
}

export function* swallowedErrors(file: FileModel): Iterable<SwallowedError> {
  for (const transaction of transactionsOf(file)) {
    if (!transaction.isPostgres || mayHaveSavepoint(file, transaction)) continue;
    const sent = [...sentInside(file, transaction), ...(transaction.end ? [transaction.end] : [])];
    for (const [index, failing] of sent.entries()) {
      const swallowing = failing === transaction.end ? undefined : swallowedBy(file, failing);
      const next = sent
        .slice(index + 1)
        .find(({ node }) => !swallowing || !isInside(node, swallowing));
      if (!swallowing || !next || !isRefused(file, next)) continue;
      if (isReachedFrom(swallowing, next.node)) {
        yield { failing, next, transaction };
        break;
      }
    }
  }
}

/** On its handle, or in the hooks around the tests. */
function mayHaveSavepoint(file: FileModel, { handle, by, range }: Transaction): boolean {
  return sendingsOf(file).some(
    ({ node, through, statements }) =>
      (by === 'hook' || (node.range[0] >= range[0] && node.range[1] <= range[1])) &&
      file.variables.of(through) === handle &&
      statements.some(isSavepoint),
  );
}

/** A test may go on to see that the transaction is aborted; ROLLBACK is the way out. */
function isRefused(file: FileModel, { node, statements }: Sending): boolean {
  const [first] = statements;
  if (first === undefined || isRollback(first) || isRollbackTo(first)) return false;
  return !expectedFailureOf(file, node);
}

/** What keeps the error from going on: an assertion, `.catch()`, a `try` statement. */
function swallowedBy(file: FileModel, { node, statements }: Sending): Node | undefined {
  if (statements.some(isEnd)) return undefined;
  const assertion = expectedFailureOf(file, node);
  if (assertion) return assertion;
  const caught = methodCallOn(node);
  if (caught?.name === 'catch')
    return isSilent(file, caught.call.arguments[0]) ? caught.call : undefined;
  return swallowingTry(file, node);
}

/** `.catch(() => undefined)` */
function isSilent(file: FileModel, handler: Node | undefined): boolean {
  const fn = handler && bare(handler);
  return isFunction(fn) && !mayGoElsewhere(file, fn.body);
}

function swallowingTry(file: FileModel, node: Node): Node | undefined {
  for (let at = node; at.parent && !isFunction(at); at = at.parent) {
    const { parent } = at;
    if (parent.type !== 'TryStatement' || parent.block !== at || !parent.handler) continue;
    return mayGoElsewhere(file, parent.handler.body) ? undefined : parent;
  }
  return undefined;
}

const LOOKS_AT = /^(assert|console|expect|t)\b/;

/** Throws, returns, or calls something that is no assertion: a ROLLBACK perhaps. */
function mayGoElsewhere({ source, tree }: FileModel, body: Node): boolean {
  if (/\b(throw|return|break|continue|fail)\b/.test(source.getText(body))) return true;
  for (const call of within(tree.calls, body)) {
    if (!LOOKS_AT.test(source.getText(call.callee))) return true;
  }
  return false;
}
