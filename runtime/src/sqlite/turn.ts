/** Whose turn it is on a handle that several tests share: one at a time, and its subtests inside it. */
import { HazardError } from '../hazard-error.ts';
import { SetupError } from '../setup-error.ts';
import { identityOf, isAround, sayTest } from '../test-family.ts';
import type { TestScope } from '../test-scope.ts';
import { captureTrace } from '../trace.ts';
import type { DeferringSchema } from './deferring-schema.ts';
import { resultCode, type RawHandle } from './driver.ts';
import type { Floor } from './floor.ts';
import type { Lease } from './lease.ts';
import { Sandbox } from './sandbox.ts';

export interface Turn {
  readonly scope: TestScope;
  readonly lease: Lease;
}

/** Whether a test may use what these have now: nobody, or itself, or a test around it as the last. */
export function isFree(turns: readonly Turn[], scope: TestScope): boolean {
  const holder = turns.at(-1);
  return !holder || holder.scope === scope || isAround(holder.scope, scope);
}

/** @throws HazardError `no-shared-sqlite-file` while another test, not one around this one, uses it */
export function assertFree(
  what: string,
  turns: readonly Turn[],
  scope: TestScope,
  remedy: string,
): void {
  const holder = turns.at(-1);
  if (!holder || isFree(turns, scope)) return;
  throw new HazardError('no-shared-sqlite-file', {
    happened: `${sayTest(scope.name)} asks for ${what} while ${sayTest(holder.scope.name)} uses it. One connection has one transaction, so tests that run at the same time cannot share it.`,
    acquired: holder.lease.opened,
    used: captureTrace(),
    test: identityOf(scope),
    remedy,
  });
}

/**
 * @throws HazardError `no-shared-sqlite-file` when somebody else writes to the file
 * @throws SetupError `ERR_SAVEPOINT_SQLITE_READONLY` when it cannot be written at all
 */
export function openSandbox(
  raw: RawHandle,
  lease: Lease,
  floor: Floor,
  schema: DeferringSchema,
  outer?: Sandbox,
): Sandbox {
  try {
    return new Sandbox(raw, lease, floor, schema, outer);
  } catch (cause) {
    const code = resultCode(cause);
    if (code === 'SQLITE_BUSY') throw isWrittenByAnother(raw, lease, cause);
    if (code === 'SQLITE_READONLY') throw cannotBeWritten(raw.file, cause);
    throw cause;
  }
}

/** @throws SetupError `ERR_SAVEPOINT_SQLITE_IN_TRANSACTION`: what it did would be rolled back with the test */
export function assertIdle(raw: RawHandle, lease: Lease): void {
  if (!raw.inTransaction) return;
  throw new SetupError(
    'ERR_SAVEPOINT_SQLITE_IN_TRANSACTION',
    `sqlite: the handle is in a transaction that began before ${lease.owner}; end it before the tests begin.`,
  );
}

export function cannotBeWritten(file: string | undefined, cause: unknown): SetupError {
  return new SetupError(
    'ERR_SAVEPOINT_SQLITE_READONLY',
    `sqlite: ${file ?? 'the database'} cannot be written (${(cause as Error).message}). ` +
      'Let the user who runs the tests write to it and to its folder, or leave out `file`.',
    { cause },
  );
}

function isWrittenByAnother(raw: RawHandle, lease: Lease, cause: unknown): HazardError {
  return new HazardError('no-shared-sqlite-file', {
    happened: `${raw.file ?? 'the database'} is locked by another process or handle, which ${lease.owner} waited for (${(cause as Error).message}).`,
    acquired: lease.opened,
    test: lease.test,
    remedy:
      'Give each process a file of its own, or use `sqlite()` without `file`, where each test has a database in memory.',
    cause,
  });
}
