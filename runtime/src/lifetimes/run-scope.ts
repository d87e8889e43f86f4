/** A scope of the run: what the catalogue's `Scope` is in source. Knows no test runner. */
import { relative } from 'node:path';
import type { Scope } from '@savepoint/catalogue';
import type { TestIdentity } from '../hazard-error.ts';
import { sayTest } from '../test-family.ts';

/** One test, suite or file while it runs and after. */
export interface RunScope {
  readonly scope: Scope;
  /** With the names of the scopes around it; of a file, its path. */
  readonly name: string;
  readonly file: string | undefined;
  readonly outer: RunScope | undefined;
  /** Whether it is over, all its hooks included. */
  readonly ended: boolean;
  readonly failed: boolean;
}

/** Kept from the start: a test may change directory. */
const STARTED_IN = process.cwd();

/** How a message names a scope: `test "adds a tag"`, `file "test/tags.test.ts"`. */
export function sayScope({ scope, name }: RunScope): string {
  if (scope === 'file') return `file "${relative(STARTED_IN, name)}"`;
  return scope === 'suite' ? `suite "${name}"` : sayTest(name);
}

/** How evidence names a scope. */
export function identify({ scope, name, file }: RunScope): TestIdentity {
  return { name: scope === 'file' ? undefined : name, file };
}

/** Whether `inner` is `outer` or lies in it. */
export function isWithin(inner: RunScope, outer: RunScope): boolean {
  for (let scope: RunScope | undefined = inner; scope; scope = scope.outer)
    if (scope === outer) return true;
  return false;
}
