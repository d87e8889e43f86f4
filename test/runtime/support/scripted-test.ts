/**
 * A test inside a test, ended when the outer one says so: its hooks run as node:test runs them
 * (first in, first out; one that a hook adds runs last; then the signal aborts), and what they throw
 * is an answer instead of a failure.
 */
import type { TestContext } from 'node:test';

export interface ScriptedTest {
  readonly t: TestContext;
  /** Ends the test. @returns what made it fail, if anything did */
  end(): Promise<unknown>;
  /** Ends it as a time-out does: the signal comes before the hooks. */
  timeOut(): Promise<unknown>;
  /** Ends it as a runtime `t.skip()` does before Node 24: no hook runs. */
  skip(): void;
}

export function scriptedTest(fullName: string): ScriptedTest {
  const hooks: (() => unknown)[] = [];
  const controller = new AbortController();
  const context = {
    name: fullName,
    fullName,
    signal: controller.signal,
    after: (hook: () => unknown) => void hooks.push(hook),
  };
  const runHooks = async (): Promise<unknown> => {
    try {
      for (const hook of hooks) await hook();
      return undefined;
    } catch (error) {
      return error;
    }
  };
  return {
    t: context as unknown as TestContext,
    async end() {
      const error = await runHooks();
      controller.abort();
      return error;
    },
    timeOut() {
      controller.abort();
      return runHooks();
    },
    skip() {
      controller.abort();
    },
  };
}

/** The same for a body from beginning to end. @returns what made the test fail, if anything did */
export async function runScripted(
  fullName: string,
  body: (t: TestContext) => unknown,
): Promise<unknown> {
  const test = scriptedTest(fullName);
  let thrown: unknown;
  try {
    await body(test.t);
  } catch (error) {
    thrown = error;
  }
  return thrown ?? (await test.end());
}

/** The same for one that is to pass. @throws what made it fail */
export async function passScripted(
  fullName: string,
  body: (t: TestContext) => unknown,
): Promise<void> {
  const error = await runScripted(fullName, body);
  if (error !== undefined) throw error as Error;
}
