/** `setEnv`: environment variables for the length of one test. Values never stand in a message. */
import type { TestContext } from 'node:test';
import { SetupError } from '../setup-error.ts';
import { scopeOf } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import { assertMayChange, holdUntilEnd } from './process-state.ts';

/**
 * Sets variables of `process.env` until the test ends. Then each has exactly its former value, and
 * one that was absent is absent again.
 *
 * @param t the context of the test
 * @param vars a string is set, `undefined` deletes the variable
 * @throws SetupError `ERR_SAVEPOINT_ENV_VALUE` when a value is neither; nothing is changed then
 * @throws HazardError `no-unrestored-process-state` when another running test has one of them
 *   changed (its own parents may); nothing is changed then
 */
export function setEnv(t: TestContext, vars: Readonly<Record<string, string | undefined>>): void {
  const scope = scopeOf(t);
  const trace = captureTrace();
  const entries = Object.entries(vars);
  for (const [name, value] of entries) {
    assertValue(name, value);
    assertMayChange(stateOf(name), scope, trace);
  }
  for (const [name, value] of entries) {
    const before = process.env[name];
    holdUntilEnd(stateOf(name), scope, trace, () => {
      assign(name, before);
    });
    assign(name, value);
  }
}

/** `process.env.X = undefined` would store the text "undefined". */
function assign(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

function assertValue(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'string') return;
  throw new SetupError(
    'ERR_SAVEPOINT_ENV_VALUE',
    `setEnv: the value of ${name} is a ${typeof value}; give a string, or undefined to delete the variable`,
  );
}

/** Windows knows one variable by all spellings of its name. */
function stateOf(name: string): string {
  return `process.env.${process.platform === 'win32' ? name.toUpperCase() : name}`;
}
