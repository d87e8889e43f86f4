/**
 * The handle a test gets of `node:sqlite`: a `DatabaseSync` by type and by `instanceof`, over the
 * real one, that serves one session. Knows neither sandbox nor copy.
 */
import type { Change } from './access.ts';
import { executorOf, installExecutor } from './executors.ts';
import type { NodeSqliteHandle, NodeSqliteStatement } from './node-sqlite.ts';
import { Session } from './session.ts';
import { isEmpty } from './sql-reader.ts';

interface Lent {
  readonly real: NodeSqliteHandle;
  readonly session: Session;
}

type Anything = Readonly<Record<string, unknown>>;

/** On which handle a statement was prepared; a test's own is its leased one. */
export const ownerOf = new WeakMap<object, NodeSqliteHandle>();

const facades = new WeakMap<object, object>();
const noted = new WeakSet();

/** `DatabaseSync`. */
interface NodeSqliteClass {
  readonly prototype: NodeSqliteHandle;
  new (path: string): NodeSqliteHandle;
}

/**
 * Statements prepared from now on are known by their handle: Node does not tell it.
 * @param beforeExec called before a handle sends what it has not prepared
 */
export function noteOwners(
  DatabaseSync: NodeSqliteClass,
  beforeExec: (handle: NodeSqliteHandle) => void,
): void {
  const { prototype } = DatabaseSync;
  if (noted.has(prototype)) return;
  noted.add(prototype);
  const { prepare, exec } = prototype;
  prototype.exec = function (this: NodeSqliteHandle, sql: string): void {
    beforeExec(this);
    exec.call(this, sql);
  };
  prototype.prepare = function (this: NodeSqliteHandle, ...args: [string]): NodeSqliteStatement {
    const statement = isHarmful(this, ...args)
      ? preparedElsewhere(DatabaseSync, prepare, args)
      : prepare.apply(this, args);
    ownerOf.set(statement, this);
    return statement;
  };
}

/**
 * Whether to prepare it would leave the handle with a statement that it never forgets: Node 22 takes
 * a text without a statement, and ends by SIGSEGV when the handle is closed, or the process ends,
 * after the statement was collected. Measured on 22.23; 24.21 and 26.10 refuse such a text.
 */
function isHarmful(handle: NodeSqliteHandle, sql: unknown): boolean {
  return (
    typeof sql === 'string' && isEmpty(sql) && (handle as { isOpen?: boolean }).isOpen !== false
  );
}

/** The same to an app: Node's own error, or a statement that says it has been finalized. */
function preparedElsewhere(
  DatabaseSync: NodeSqliteClass,
  prepare: NodeSqliteHandle['prepare'],
  args: [string],
): NodeSqliteStatement {
  const elsewhere = new DatabaseSync(':memory:');
  try {
    return prepare.apply(elsewhere, args);
  } finally {
    elsewhere.close();
  }
}

export function leasedNodeHandle(real: NodeSqliteHandle, session: Session): NodeSqliteHandle {
  const driver = Object.getPrototypeOf(real) as object;
  let facade = facades.get(driver);
  if (!facade) facades.set(driver, (facade = facadeOver(driver as NodeSqliteHandle)));
  const handle = Object.create(facade) as NodeSqliteHandle;
  installExecutor(handle, session);
  return handle;
}

function lentOf(handle: object): Lent {
  const session = executorOf(handle);
  if (!(session instanceof Session)) throw new TypeError('Illegal invocation');
  return { session, real: session.real as NodeSqliteHandle };
}

/** What is changed by methods that are not SQL. */
const CHANGES: Readonly<Record<string, Change>> = {
  function: { is: 'registers', what: '`function()`' },
  aggregate: { is: 'registers', what: '`aggregate()`' },
  loadExtension: { is: 'registers', what: '`loadExtension()`' },
  enableLoadExtension: { is: 'registers', what: '`enableLoadExtension()`' },
  enableDefensive: { is: 'registers', what: '`enableDefensive()`' },
  setAuthorizer: { is: 'registers', what: '`setAuthorizer()`' },
  createSession: { is: 'registers', what: '`createSession()`' },
  serialize: { is: 'serializes', what: '`serialize()`' },
  applyChangeset: { is: 'writes', what: '`applyChangeset()`' },
  deserialize: { is: 'replaces', what: '`deserialize()`' },
  createTagStore: { is: 'replaces', what: '`createTagStore()`' },
};
/** Methods that only need the test to be running. */
const FORWARDED = ['open', 'location'] as const;

/** What all handles of tests inherit from, over the prototype of the driver's. */
function facadeOver(driver: NodeSqliteHandle): object {
  const { prepare, exec } = driver;
  const method = (value: unknown) => ({ value, writable: true, configurable: true });
  const close = method(function (this: NodeSqliteHandle) {
    const { session } = lentOf(this);
    session.use();
    session.lease.close();
  });
  const facade = Object.create(driver, {
    isOpen: {
      get(this: NodeSqliteHandle) {
        const { session, real } = lentOf(this);
        return session.lease.isOpen && (real as { isOpen?: boolean }).isOpen !== false;
      },
      configurable: true,
    },
    isTransaction: {
      get(this: NodeSqliteHandle) {
        return lentOf(this).session.inTransaction;
      },
      configurable: true,
    },
    limits: {
      get(this: NodeSqliteHandle) {
        const { session, real } = lentOf(this);
        session.use();
        return (real as unknown as Anything)['limits'];
      },
      configurable: true,
    },
    prepare: method(function (this: NodeSqliteHandle, sql: string, ...options: []) {
      const { session, real } = lentOf(this);
      const access = session.use();
      const admitted = typeof sql === 'string' ? access.prepare(sql) : sql;
      const statement = prepare.call(real, admitted, ...options);
      ownerOf.set(statement, this);
      return statement;
    }),
    exec: method(function (this: NodeSqliteHandle, sql: string) {
      const { session, real } = lentOf(this);
      const access = session.use();
      if (typeof sql === 'string') access.exec(sql);
      else exec.call(real, sql); // The driver says what is wrong with it.
    }),
    close,
    ...(Symbol.dispose in driver && { [Symbol.dispose]: close }),
  }) as object;
  for (const name of FORWARDED) define(facade, driver, name);
  for (const [name, change] of Object.entries(CHANGES)) define(facade, driver, name, change);
  return facade;

  /** A method of Node's, where this version has it. */
  function define(to: object, from: object, name: string, change?: Change): void {
    const own = (from as Anything)[name] as ((...args: unknown[]) => unknown) | undefined;
    if (!own) return;
    const value = function (this: NodeSqliteHandle, ...args: unknown[]): unknown {
      const { session, real } = lentOf(this);
      const access = session.use();
      const run = (): unknown => own.apply(real, args);
      return change ? access.change(change, run) : run();
    };
    Object.defineProperty(to, name, method(value));
  }
}
