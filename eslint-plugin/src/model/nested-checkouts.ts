/** Statements inside a transaction that are sent past it: through the pool, the outer `db`. */
import { enclosingFunction, methodCallOn, type Node } from './ast.ts';
import { chainFrom, isAwaitedInPlace } from './call-chains.ts';
import type { FileModel } from './file-model.ts';
import { isWithin, transactionsOf, type Transaction } from './transactions.ts';
import type { Variable } from './variables.ts';

export interface NestedCheckout {
  /** The identifier that should have been that of the transaction. */
  readonly asked: Node;
  readonly outer: Variable;
  readonly transaction: Transaction;
}

export function* nestedCheckouts(file: FileModel): Iterable<NestedCheckout> {
  for (const transaction of transactionsOf(file)) {
    const { outer, range, by } = transaction;
    if (!outer || by === 'hook') continue;
    for (const { identifier } of file.variables.references(outer)) {
      if (isWithin(identifier, range) && isAskedPast(file, identifier, transaction)) {
        yield { asked: identifier, outer, transaction };
      }
    }
  }
}

function isAskedPast(file: FileModel, identifier: Node, transaction: Transaction): boolean {
  const { by, fn, handle } = transaction;
  if (by === 'statements') {
    // A second client is taken on purpose; who looks from another function may be meant to.
    if (enclosingFunction(identifier) !== fn) return false;
    if (methodCallOn(identifier)?.name !== 'query') return false;
  }
  const chain = chainFrom(identifier);
  return chain !== undefined && isAwaitedInPlace(chain) && !mentions(file, chain, handle);
}

/** `{ transaction: tx }`, `.transacting(trx)`: handed over all the same. */
function mentions({ variables }: FileModel, chain: Node, handle: Variable): boolean {
  return variables.references(handle).some(({ identifier }) => isWithin(identifier, chain.range));
}
