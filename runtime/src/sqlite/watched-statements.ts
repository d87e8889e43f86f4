/**
 * Statements that an app prepared long ago: nobody has them but the app, so the methods that all
 * statements inherit are replaced while a handle is watched, and put back after the last one.
 */
import {
  RUNNING,
  statementMethods,
  type Handle,
  type Running,
  type Statement,
  type StatementPrototype,
} from './driver.ts';

/** Runs a statement of its handle. */
export interface Executor {
  execute(statement: Statement, method: Running, args: unknown[]): unknown;
}

const executors = new WeakMap<Handle, Executor>();
const handlesOn = new WeakMap<StatementPrototype, Set<Handle>>();

/** From now on `executor` runs the statements of this handle. */
export function installExecutor(
  handle: Handle,
  prototype: StatementPrototype,
  executor: Executor,
): void {
  const handles = handlesOn.get(prototype) ?? new Set();
  handlesOn.set(prototype, handles);
  executors.set(handle, executor);
  if (handles.size === 0) replaceMethods(prototype);
  handles.add(handle);
}

/** The statements of this handle run by themselves again. */
export function restoreExecutor(handle: Handle, prototype: StatementPrototype): void {
  const handles = handlesOn.get(prototype);
  executors.delete(handle);
  if (handles?.delete(handle) && handles.size === 0) {
    Object.assign(prototype, statementMethods(prototype));
  }
}

function replaceMethods(prototype: StatementPrototype): void {
  const methods = statementMethods(prototype);
  for (const name of RUNNING) {
    prototype[name] = function (this: Statement, ...args: unknown[]): unknown {
      const executor = executors.get(this.database);
      return executor ? executor.execute(this, name, args) : methods[name].apply(this, args);
    };
  }
}
