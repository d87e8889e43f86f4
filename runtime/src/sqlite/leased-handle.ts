/**
 * The handle a test gets: a better-sqlite3 `Database` by type and by `instanceof`, over the real one,
 * that serves this test and no other. Knows neither sandbox nor copy, only access.
 */
import type { Access } from './access.ts';
import { RUNNING, type Handle, type RawHandle, type Statement } from './driver.ts';
import type { Lease } from './lease.ts';

/** Methods that only need the test to be running. */
const FORWARDED = [
  'function',
  'aggregate',
  'table',
  'loadExtension',
  'serialize',
  'backup',
  'defaultSafeIntegers',
  'unsafeMode',
] as const;
/** The savepoint of a transaction function inside a transaction; better-sqlite3 names its own so. */
const NESTED = '"\t_bs3.\t"';

export function leasedHandle(raw: RawHandle, lease: Lease, access: Access): Handle {
  const real = raw.handle;
  // Inheriting from the real handle gives `instanceof` and the driver's private state.
  const handle = Object.create(real) as Handle;
  const method = <A extends unknown[], R>(run: (...args: A) => R) => ({
    value: (...args: A): R => {
      lease.assertUsable();
      return run(...args);
    },
    writable: true,
    configurable: true,
  });
  const getter = (get: () => unknown) => ({ get, enumerable: true, configurable: true });

  Object.defineProperties(handle, {
    name: getter(() => real.name),
    memory: getter(() => real.memory),
    readonly: getter(() => real.readonly),
    open: getter(() => lease.isOpen && real.open),
    inTransaction: getter(() => lease.isOpen && access.inTransaction),
    prepare: method((sql: string) =>
      lend(real.prepare.call(handle, admitted(sql)) as Statement, lease, access),
    ),
    exec: method((sql: string) => {
      if (typeof sql === 'string') access.exec(sql);
      else raw.exec(sql); // The driver says what is wrong with it.
      return handle;
    }),
    pragma: method((...args: Parameters<Handle['pragma']>) => access.pragma(...args)),
    transaction: method((run: (...args: unknown[]) => unknown) => transactionFunction(handle, run)),
    close: {
      value: () => {
        lease.close();
        return handle;
      },
      writable: true,
      configurable: true,
    },
  });
  for (const name of FORWARDED) {
    const forward = (real[name] as (...args: unknown[]) => unknown).bind(real);
    Object.defineProperty(
      handle,
      name,
      method((...args: unknown[]) => {
        const result = forward(...args);
        return result === real ? handle : result;
      }),
    );
  }
  return handle;

  function admitted(sql: string): string {
    return typeof sql === 'string' ? access.prepare(sql) : sql;
  }
}

/** The statement, usable as long as the lease is. */
function lend(statement: Statement, lease: Lease, access: Access): Statement {
  for (const method of RUNNING) {
    Object.defineProperty(statement, method, {
      value: (...args: unknown[]) => {
        lease.assertUsable();
        return access.execute(statement, method, args);
      },
      writable: true,
      configurable: true,
    });
  }
  return statement;
}

/** `db.transaction` as better-sqlite3 documents it, over the app's transaction instead of the real one. */
function transactionFunction(handle: Handle, run: (...args: unknown[]) => unknown): unknown {
  if (typeof run !== 'function') throw new TypeError('Expected first argument to be a function');
  const variants = {
    default: inTransaction(handle, run, 'BEGIN'),
    deferred: inTransaction(handle, run, 'BEGIN DEFERRED'),
    immediate: inTransaction(handle, run, 'BEGIN IMMEDIATE'),
    exclusive: inTransaction(handle, run, 'BEGIN EXCLUSIVE'),
  };
  for (const variant of Object.values(variants)) {
    for (const [name, value] of Object.entries(variants))
      Object.defineProperty(variant, name, { value });
    Object.defineProperty(variant, 'database', { value: handle, enumerable: true });
  }
  return variants.default;
}

function inTransaction(handle: Handle, run: (...args: unknown[]) => unknown, begin: string) {
  return function (this: unknown, ...args: unknown[]): unknown {
    const nested = handle.inTransaction;
    handle.exec(nested ? `SAVEPOINT ${NESTED}` : begin);
    try {
      const result = run.apply(this, args);
      if (typeof (result as { then?: unknown } | null | undefined)?.then === 'function') {
        throw new TypeError('Transaction function cannot return a promise');
      }
      handle.exec(nested ? `RELEASE ${NESTED}` : 'COMMIT');
      return result;
    } catch (error) {
      if (handle.inTransaction)
        handle.exec(nested ? `ROLLBACK TO ${NESTED}; RELEASE ${NESTED}` : 'ROLLBACK');
      throw error;
    }
  };
}
