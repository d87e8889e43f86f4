/**
 * Who runs the statements of a handle. The methods that all statements of a driver inherit are
 * replaced, once: statements that an app prepared long ago have nobody who knows them but the app.
 * A statement of a handle that nobody answers for runs by itself, as before.
 */
import type { Access } from './access.ts';
import { RUNNING, type Running, type StatementPrototype } from './driver.ts';

/** Runs a statement. */
export interface Runner {
  execute(statement: object, method: Running, args: readonly unknown[]): unknown;
}

/** Runs the statements of a handle, and does what else there is to do with it. */
export interface Executor extends Runner {
  use(): Access;
}

/** Finds who runs a statement; undefined where it runs by itself. */
type FindExecutor = (statement: object, own: StatementPrototype) => Runner | undefined;

const executors = new WeakMap<object, Executor>();

/** From now on `executor` runs the statements of this handle. */
export function installExecutor(handle: object, executor: Executor): void {
  executors.set(handle, executor);
}

/** The statements of this handle run by themselves again. */
export function removeExecutor(handle: object): void {
  executors.delete(handle);
}

export function executorOf(handle: object): Executor | undefined {
  return executors.get(handle);
}

const ownMethods = new WeakMap<StatementPrototype, StatementPrototype>();

/**
 * Puts the executors between an app and its statements, once for every loaded copy of a driver.
 * @returns the driver's own methods of its statements
 */
export function routeStatements(
  prototype: StatementPrototype,
  find: FindExecutor,
): StatementPrototype {
  const known = ownMethods.get(prototype);
  if (known) return known;
  const { run, get, all, iterate } = prototype;
  const own = { run, get, all, iterate };
  ownMethods.set(prototype, own);
  for (const name of RUNNING) {
    const method = own[name];
    prototype[name] = function (this: object, ...args: unknown[]): unknown {
      const executor = find(this, own);
      return executor ? executor.execute(this, name, args) : method.apply(this, args);
    };
  }
  return own;
}
