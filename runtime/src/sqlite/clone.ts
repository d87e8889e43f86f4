/** A copy in memory that one test has to itself, thrown away with it. */
import type { TestScope } from '../test-scope.ts';
import { Direct } from './direct.ts';
import type { Image } from './driver.ts';
import type { Lease } from './lease.ts';
import { setPragmas, type Pragmas } from './migrations.ts';
import { Session } from './session.ts';

export function lendClone<H extends object>(
  image: Image<H>,
  pragmas: Pragmas,
  scope: TestScope,
  lease: Lease,
): H {
  const raw = image.copy();
  scope.defer(() => {
    try {
      lease.end();
    } finally {
      if (raw.isOpen) {
        if (raw.inTransaction) lease.noteOpenTransaction();
        raw.close();
      }
    }
  });
  setPragmas(raw, pragmas);
  return raw.lend(new Session(raw.handle, lease, new Direct(raw, lease)));
}
