/** Transactions that are begun, or ended, through a pool: each statement may get another connection. */
import type { FileModel } from './file-model.ts';
import { hasSeveralConnections } from './pool-options.ts';
import { sandboxedAt } from './sandboxes.ts';
import { isBegin, isEnd, isSavepoint } from './sql-text.ts';
import { sendingsOf, type Sending } from './statements.ts';

/** The statements that begin one; where the file begins none through the pool, those that end one. */
export function pooledTransactions(file: FileModel): readonly Sending[] {
  const found = sendingsOf(file).filter(
    (sending) => isPartOfTransaction(sending) && isPool(file, sending),
  );
  const begun = found.filter(({ statements }) => statements.some(isBegin));
  const pools = new Set(begun.map(({ through }) => file.variables.of(through)));
  return found.filter(
    (sending) => begun.includes(sending) || !pools.has(file.variables.of(sending.through)),
  );
}

/** A text that both begins and ends its transaction is whole. */
function isPartOfTransaction({ statements }: Sending): boolean {
  const begins = statements.some(isBegin);
  const ends = statements.some(isEnd);
  return begins !== ends || (!begins && statements.some(isSavepoint));
}

function isPool(file: FileModel, { through, method }: Sending): boolean {
  if (method === 'prepare') return false;
  const sandboxed = sandboxedAt(file, through);
  if (sandboxed) return sandboxed.is === 'pool' && sandboxed.sandbox.database === 'PostgreSQL';
  return (
    file.acquisitions.resourceOf(through)?.kind === 'pool' && hasSeveralConnections(file, through)
  );
}
