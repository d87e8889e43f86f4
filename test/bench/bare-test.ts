/**
 * A test without its runner: what savepoint asks of a test's context and no more, so that the cost
 * of node:test itself, the same for all, does not hide what is measured.
 */
import type { TestContext } from 'node:test';

let tests = 0;

export async function runInTest(body: (t: TestContext) => Promise<void>): Promise<void> {
  const hooks: (() => unknown)[] = [];
  const controller = new AbortController();
  const name = `test ${String(++tests)}`;
  const context = {
    name,
    fullName: name,
    signal: controller.signal,
    after: (hook: () => unknown) => void hooks.push(hook),
  };
  try {
    await body(context as unknown as TestContext);
  } finally {
    // Hooks may add hooks.
    for (const hook of hooks) await hook();
    controller.abort('over');
  }
}
