/**
 * Which files are tests, told by their names alone: those that `node --test` runs, the same with
 * `spec`, and every file of a `test`, `tests` or `__tests__` folder (helpers hold fixtures too).
 */

/**
 * Matches the path of a test file, relative to the project, with `/` between its parts.
 * `.pre-commit-hooks.yaml` carries the same expression, so only what Python reads too may stand in it.
 */
export const TEST_FILE =
  /^(?!.*\.d\.[cm]?ts$)(.*\/)?((tests?|__tests__)\/.+|test|test-[^/]+|[^/]+[._-](test|spec))\.[cm]?[jt]sx?$/;

/** Matches the names of JavaScript and TypeScript files. */
export const SCRIPT_FILE = /\.[cm]?[jt]sx?$/;

/** Matches the names of TypeScript files. */
export const TYPESCRIPT_FILE = /\.[cm]?tsx?$/;

/** Whether a path, relative to the project and with `/` between its parts, is that of a test file. */
export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path);
}
