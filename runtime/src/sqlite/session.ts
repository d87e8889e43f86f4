/** One test's use of a handle: whether it may, and how what it asks is done. */
import type { Access } from './access.ts';
import type { Running } from './driver.ts';
import type { Executor } from './executors.ts';
import type { Lease } from './lease.ts';

export class Session implements Executor {
  readonly lease: Lease;
  /** The driver's own handle. */
  readonly real: object;
  readonly #access: Access;

  constructor(real: object, lease: Lease, access: Access) {
    this.real = real;
    this.lease = lease;
    this.#access = access;
  }

  get inTransaction(): boolean {
    return this.lease.isOpen && this.#access.inTransaction;
  }

  /** @throws HazardError when the test is over or has closed its handle */
  use(): Access {
    this.lease.assertUsable();
    return this.#access;
  }

  execute(statement: object, method: Running, args: readonly unknown[]): unknown {
    return this.use().execute(statement, method, args);
  }
}
