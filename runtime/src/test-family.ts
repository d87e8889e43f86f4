/** Names of tests: how they nest and how reports call them. Two tests of one name cannot be told apart. */
import type { TestIdentity } from './hazard-error.ts';
import type { TestScope } from './test-scope.ts';

/** Whether `scope` is a test around `other`, at any depth. */
export function isAround(scope: TestScope, other: TestScope): boolean {
  return other.name.startsWith(`${scope.name} > `);
}

/** How messages call a test: by its full name. */
export function sayTest(name: string): string {
  return `test "${name}"`;
}

/** The test of a scope as a `HazardError` names it. */
export function identityOf({ name, opened }: TestScope): TestIdentity {
  return { name, file: opened.place?.file };
}
