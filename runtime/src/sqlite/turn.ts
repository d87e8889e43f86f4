/** Whose turn it is on a handle that several tests share: one at a time, and its subtests inside it. */
import { SetupError } from '../setup-error.ts';
import { isAround, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { formatPlace } from '../trace.ts';
import type { RawHandle } from './driver.ts';
import type { Lease } from './lease.ts';
import { Sandbox } from './sandbox.ts';

export interface Turn {
  readonly scope: TestScope;
  readonly lease: Lease;
}

/** @throws SetupError `ERR_SAVEPOINT_SQLITE_SHARED` while another test, not one around this one, uses it */
export function assertFree(
  what: string,
  turns: readonly Turn[],
  scope: TestScope,
  remedy: string,
): void {
  const holder = turns.at(-1);
  if (!holder || holder.scope === scope || isAround(holder.scope, scope)) return;
  const { place } = holder.lease.opened;
  throw new SetupError(
    'ERR_SAVEPOINT_SQLITE_SHARED',
    `sqlite: ${sayTest(scope.name)} asks for ${what} while ${sayTest(holder.scope.name)} uses it` +
      `${place ? ` (${formatPlace(place)})` : ''}. One connection has one transaction, so tests that run at the same time cannot share it. ${remedy}`,
  );
}

/** @throws SetupError `ERR_SAVEPOINT_SQLITE_BUSY` when somebody else writes to the file; `ERR_SAVEPOINT_SQLITE_IN_TRANSACTION` */
export function openSandbox(raw: RawHandle, lease: Lease, depth: number): Sandbox {
  if (depth === 0 && raw.inTransaction) {
    throw new SetupError(
      'ERR_SAVEPOINT_SQLITE_IN_TRANSACTION',
      `sqlite: the handle is in a transaction that began before ${lease.owner}; end it before the tests begin.`,
    );
  }
  try {
    return new Sandbox(raw, lease, depth);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'SQLITE_BUSY') throw cause;
    throw new SetupError(
      'ERR_SAVEPOINT_SQLITE_BUSY',
      `sqlite: ${raw.handle.name} is locked by another process or handle, which ${lease.owner} waited for. ` +
        'Give each process a file of its own, or use `sqlite()` without `file`.',
      { cause },
    );
  }
}
