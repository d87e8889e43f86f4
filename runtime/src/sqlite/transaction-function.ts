/** `db.transaction` as better-sqlite3 documents it, over the app's transaction instead of the real one. */
import type { BetterHandle } from './better-sqlite3.ts';
import { isPromise, type Lease } from './lease.ts';

type Work = (...args: unknown[]) => unknown;

/** The savepoint of a transaction function inside a transaction; better-sqlite3 names its own so. */
const NESTED = '"\t_bs3.\t"';

export function transactionFunction(handle: BetterHandle, work: Work, lease: Lease): unknown {
  if (typeof work !== 'function') throw new TypeError('Expected first argument to be a function');
  const watched = lease.watchTransaction(work);
  const variants = {
    default: inTransaction(handle, watched, 'BEGIN'),
    deferred: inTransaction(handle, watched, 'BEGIN DEFERRED'),
    immediate: inTransaction(handle, watched, 'BEGIN IMMEDIATE'),
    exclusive: inTransaction(handle, watched, 'BEGIN EXCLUSIVE'),
  };
  const properties = {
    ...Object.fromEntries(Object.entries(variants).map(([name, value]) => [name, { value }])),
    database: { value: handle, enumerable: true },
  };
  for (const variant of Object.values(variants)) Object.defineProperties(variant, properties);
  return variants.default;
}

function inTransaction(handle: BetterHandle, work: Work, begin: string): Work {
  return function (this: unknown, ...args: unknown[]): unknown {
    const nested = handle.inTransaction;
    handle.exec(nested ? `SAVEPOINT ${NESTED}` : begin);
    try {
      const result = work.apply(this, args);
      if (isPromise(result)) throw new TypeError('Transaction function cannot return a promise');
      handle.exec(nested ? `RELEASE ${NESTED}` : 'COMMIT');
      return result;
    } catch (error) {
      if (handle.inTransaction)
        handle.exec(nested ? `ROLLBACK TO ${NESTED}; RELEASE ${NESTED}` : 'ROLLBACK');
      throw error;
    }
  };
}
