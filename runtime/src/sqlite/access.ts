/** What a test's use of a handle comes down to, whether its work is undone by rollback or thrown away with a copy. */
import type { TestScope } from '../test-scope.ts';
import type { Handle, Running, Statement } from './driver.ts';
import type { Lease } from './lease.ts';

export interface Access {
  /** Whether the app is in a transaction of its own. */
  readonly inTransaction: boolean;
  exec(sql: string): void;
  /** @returns what is to be prepared instead, or the same */
  prepare(sql: string): string;
  execute(statement: Statement, method: Running, args: unknown[]): unknown;
  pragma(...args: Parameters<Handle['pragma']>): unknown;
}

/** Opens a handle for one test and owes its release to the test's scope. */
export type Lend = (scope: TestScope, lease: Lease) => Handle;
