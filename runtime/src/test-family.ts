/** How tests nest, as far as Node tells by `t.fullName`: two tests of one name cannot be told apart. */
import type { TestScope } from './test-scope.ts';

/** Whether `scope` is a test around `other`, at any depth. */
export function isAround(scope: TestScope, other: TestScope): boolean {
  return other.name.startsWith(`${scope.name} > `);
}
