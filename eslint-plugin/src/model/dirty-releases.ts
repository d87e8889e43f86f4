/** Clients that go back to their pool inside an open transaction, or with settings of a test. */
import type { TSESTree } from '@typescript-eslint/utils';
import { enclosingFunction, isCall, isInside, methodCallOn, type Node } from './ast.ts';
import type { FileModel } from './file-model.ts';
import { isEnd, isRollback } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';
import { isWithin, transactionsOf, type Transaction } from './transactions.ts';

export interface DirtyRelease {
  /**
   * - `open`: nothing in the function ends the transaction.
   * - `returns`: a `return` leaves it.
   * - `throws`: an error between BEGIN and COMMIT leaves it.
   */
  readonly is: 'open' | 'returns' | 'throws';
  readonly node: Node;
  readonly transaction: Transaction;
  readonly release: Node;
  /** The `try` statement whose `finally` releases; none for `open`. */
  readonly guard?: TSESTree.TryStatement;
}

export function* dirtyReleases(file: FileModel): Iterable<DirtyRelease> {
  for (const transaction of transactionsOf(file)) {
    if (transaction.by !== 'statements' || isHandedOn(file, transaction)) continue;
    const release = releaseOf(file, transaction);
    const found = release && faultOf(file, transaction, release);
    if (found) yield { ...found, transaction, release };
  }
}

/** Given to another function, or asked for a statement that the file does not show: either may end it. */
function isHandedOn(file: FileModel, { handle, fn, begun, end }: Transaction): boolean {
  if (end) return false;
  const shown = new Set(sendingsOf(file).map(({ node }) => node));
  return file.variables.references(handle).some(({ identifier }) => {
    if (!isWithin(identifier, [begun.range[1], fn.body.range[1]])) return false;
    const asked = methodCallOn(identifier);
    return !asked || (asked.name !== 'release' && !shown.has(asked.call));
  });
}

/** `client.release()` in the same function; with an argument the connection may be thrown away. */
function releaseOf(file: FileModel, { handle, fn, begun }: Transaction): Node | undefined {
  const releases = file.variables.references(handle).flatMap(({ identifier }) => {
    const method = methodCallOn(identifier);
    const isHere = isWithin(identifier, [begun.range[1], fn.body.range[1]]);
    return method?.name === 'release' && isHere ? [method.call] : [];
  });
  const [release] = releases;
  return releases.every((call) => call.arguments.length === 0) ? release : undefined;
}

function faultOf(
  file: FileModel,
  transaction: Transaction,
  release: Node,
): Pick<DirtyRelease, 'is' | 'node' | 'guard'> | undefined {
  const { begun, end, fn, range } = transaction;
  if (!end) return { is: 'open', node: begun };
  const guard = guardOf(release, fn);
  if (!guard) return undefined;
  const ends = endsOf(file, transaction);
  if (ends.some(({ node }) => isInside(node, guard.finalizer))) return undefined;
  const early = file.tree.returns.find(
    (node) =>
      isWithin(node, range) && isInside(node, guard.statement) && enclosingFunction(node) === fn,
  );
  if (early && !isInside(end.node, early))
    return { is: 'returns', node: early, guard: guard.statement };
  const isUndone = ends.some(
    ({ node, statements }) => statements.some(isRollback) && isInHandler(node, fn),
  );
  const mayThrow = isInside(end.node, guard.statement.block);
  return !isUndone && mayThrow ? { is: 'throws', node: begun, guard: guard.statement } : undefined;
}

interface Guard {
  readonly statement: TSESTree.TryStatement;
  readonly finalizer: Node;
}

/** The `try` statement in whose `finally` the client is released. */
function guardOf(release: Node, fn: Node): Guard | undefined {
  for (let at = release; at.parent && at !== fn; at = at.parent) {
    const { parent } = at;
    if (parent.type === 'TryStatement' && parent.finalizer === at) {
      return { statement: parent, finalizer: at };
    }
  }
  return undefined;
}

/** Everything in the function that ends a transaction of this client. */
function endsOf(file: FileModel, { handle, fn, begun }: Transaction): Sending[] {
  return sendingsOf(file).filter(
    ({ node, through, statements }) =>
      file.variables.of(through) === handle &&
      isWithin(node, [begun.range[1], fn.body.range[1]]) &&
      statements.some(isEnd),
  );
}

function isInHandler(node: Node, fn: Node): boolean {
  for (let at = node; at.parent && at !== fn; at = at.parent) {
    if (at.parent.type === 'CatchClause') return true;
    if (at.parent.type === 'TryStatement' && at.parent.finalizer === at) return true;
    if (isCall(at.parent) && methodCallOn(at)?.name === 'catch') return true;
  }
  return false;
}
