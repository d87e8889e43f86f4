/**
 * The handle a test gets of better-sqlite3: a `Database` by type and by `instanceof`, over the real
 * one, that serves one session. Knows neither sandbox nor copy.
 */
import type { BetterHandle } from './better-sqlite3.ts';
import { BACKUP, type Change } from './access.ts';
import { executorOf, installExecutor } from './executors.ts';
import { Session } from './session.ts';
import { transactionFunction } from './transaction-function.ts';

/** What tests' handles inherit from, and the symbols behind which the driver's methods find their connection. */
interface Facade {
  readonly methods: object;
  readonly symbols: readonly symbol[];
}

const facades = new WeakMap<object, Facade>();

export function leasedBetterHandle(real: BetterHandle, session: Session): BetterHandle {
  const { methods, symbols } = facadeFor(real);
  const handle = Object.create(methods) as Record<symbol, unknown>;
  const connection = real as unknown as Readonly<Record<symbol, unknown>>;
  for (const symbol of symbols) handle[symbol] = connection[symbol];
  installExecutor(handle, session);
  return handle as unknown as BetterHandle;
}

function facadeFor(real: BetterHandle): Facade {
  const driver = Object.getPrototypeOf(real) as BetterHandle;
  const known = facades.get(driver);
  if (known) return known;
  const made = { methods: facadeOver(driver), symbols: Object.getOwnPropertySymbols(real) };
  facades.set(driver, made);
  return made;
}

interface Lent {
  readonly real: BetterHandle;
  readonly session: Session;
}

function sessionOf(handle: BetterHandle): Session {
  const session = executorOf(handle);
  if (session instanceof Session) return session;
  throw new TypeError('Illegal invocation');
}

function lentOf(handle: BetterHandle): Lent {
  const session = sessionOf(handle);
  return { session, real: session.real as BetterHandle };
}

/** What is changed by methods that are not SQL. */
const CHANGES: Readonly<Record<string, Change>> = {
  function: { is: 'registers', what: '`function()`' },
  aggregate: { is: 'registers', what: '`aggregate()`' },
  table: { is: 'registers', what: '`table()`' },
  serialize: { is: 'serializes', what: '`serialize()`' },
  loadExtension: { is: 'registers', what: '`loadExtension()`' },
};
/** Methods that only need the test to be running. */
const FORWARDED = ['defaultSafeIntegers', 'unsafeMode'] as const;

/** What all handles of tests inherit from, over the prototype of the driver's. */
function facadeOver(driver: BetterHandle): object {
  const { prepare, exec, pragma, backup } = driver;
  const method = (value: unknown) => ({ value, writable: true, configurable: true });
  const getter = (get: (this: BetterHandle) => unknown) => ({
    get,
    enumerable: true,
    configurable: true,
  });
  const facade = Object.create(driver, {
    name: getter(function () {
      return lentOf(this).real.name;
    }),
    memory: getter(function () {
      return lentOf(this).real.memory;
    }),
    readonly: getter(function () {
      return lentOf(this).real.readonly;
    }),
    open: getter(function () {
      const { session, real } = lentOf(this);
      return session.lease.isOpen && real.open;
    }),
    inTransaction: getter(function () {
      return lentOf(this).session.inTransaction;
    }),
    prepare: method(function (this: BetterHandle, sql: string) {
      const access = sessionOf(this).use();
      return prepare.call(this, typeof sql === 'string' ? access.prepare(sql) : sql);
    }),
    exec: method(function (this: BetterHandle, sql: string) {
      const { session, real } = lentOf(this);
      const access = session.use();
      if (typeof sql === 'string') access.exec(sql);
      else exec.call(real, sql); // The driver says what is wrong with it.
      return this;
    }),
    pragma: method(function (this: BetterHandle, ...[source, options]: Parameters<typeof pragma>) {
      const { session, real } = lentOf(this);
      return session.use().pragma(source, (admitted) => pragma.call(real, admitted, options));
    }),
    transaction: method(function (this: BetterHandle, work: (...args: unknown[]) => unknown) {
      const { session } = lentOf(this);
      session.use();
      return transactionFunction(this, work, session.lease);
    }),
    backup: method(async function (this: BetterHandle, ...args: Parameters<typeof backup>) {
      const { session, real } = lentOf(this);
      return session.use().change(BACKUP, () => backup.apply(real, args));
    }),
    close: method(function (this: BetterHandle) {
      lentOf(this).session.lease.close();
      return this;
    }),
  }) as object;
  for (const name of FORWARDED)
    Object.defineProperty(facade, name, method(forwarded(driver, name)));
  for (const [name, change] of Object.entries(CHANGES))
    Object.defineProperty(facade, name, method(forwarded(driver, name, change)));
  return facade;
}

function forwarded(driver: BetterHandle, name: string, change?: Change) {
  const own = driver[name as 'serialize'] as (...args: unknown[]) => unknown;
  return function (this: BetterHandle, ...args: unknown[]): unknown {
    const { session, real } = lentOf(this);
    const access = session.use();
    const run = (): unknown => own.apply(real, args);
    const result = change ? access.change(change, run) : run();
    return result === real ? this : result;
  };
}
