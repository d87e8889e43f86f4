/** What `node:test` offers, as data: which name is a test, a suite or a hook. */

export const HOOKS = ['before', 'beforeEach', 'after', 'afterEach'] as const;
export type HookName = (typeof HOOKS)[number];

export type TestFunction =
  | { readonly is: 'test' }
  | { readonly is: 'suite' }
  | { readonly is: 'hook'; readonly hook: HookName };

const TEST: TestFunction = { is: 'test' };
const SUITE: TestFunction = { is: 'suite' };
const HOOK = new Map<string, TestFunction>(HOOKS.map((hook) => [hook, { is: 'hook', hook }]));

const MODIFIERS = new Set(['only', 'skip', 'todo', 'expectFailure']);
/** The module is `test` itself, so every export hangs on these again: `test.it.before`. */
const THE_MODULE = new Set(['default', 'test', 'it']);

/** The last names that the call of a test function has, where it has one. */
export const TEST_FUNCTIONS: readonly string[] = [
  ...HOOKS,
  ...MODIFIERS,
  ...THE_MODULE,
  'describe',
  'suite',
];
const NAMES: ReadonlySet<string> = new Set(TEST_FUNCTIONS);

/** Whether `x.name()` can be a test function at all: asked first, because most calls are not. */
export function mayBeTestFunction(name: string | undefined): boolean {
  return name === undefined || NAMES.has(name);
}

/** The function at this place of the module: `['describe', 'only']`; `[]` is the module, which is `test`. */
export function testFunctionAt(path: readonly string[]): TestFunction | undefined {
  const names = path.filter((name) => !THE_MODULE.has(name));
  const [name, ...rest] = names;
  if (!rest.every((modifier) => MODIFIERS.has(modifier))) return undefined;
  if (name === undefined || MODIFIERS.has(name)) return TEST;
  if (name === 'describe' || name === 'suite') return SUITE;
  return rest.length === 0 ? HOOK.get(name) : undefined;
}

/** The function at this place of a test context: `['test', 'skip']`. */
export function contextFunctionAt([name, ...rest]: readonly string[]): TestFunction | undefined {
  if (name === undefined) return undefined;
  if (name === 'test') return rest.every((modifier) => MODIFIERS.has(modifier)) ? TEST : undefined;
  return rest.length === 0 ? HOOK.get(name) : undefined;
}

/** Names people give the test context; asked only together with a call that the context alone has. */
export const CONTEXT_NAMES: ReadonlySet<string> = new Set(['t', 'ctx', 'context', 'testContext']);
