/** A copy of the database that one test has to itself: nothing stands between the app and the driver. */
import type { Access, Change } from './access.ts';
import type { RawHandle, Running } from './driver.ts';
import type { Lease } from './lease.ts';

export class Direct implements Access {
  readonly #raw: RawHandle;
  readonly #lease: Lease;

  constructor(raw: RawHandle, lease: Lease) {
    this.#raw = raw;
    this.#lease = lease;
  }

  get inTransaction(): boolean {
    return this.#raw.inTransaction;
  }

  exec(sql: string): void {
    this.#raw.exec(sql);
  }

  prepare(sql: string): string {
    return sql;
  }

  execute(statement: object, method: Running, args: readonly unknown[]): unknown {
    const result = this.#raw.call(statement, method, args);
    return method === 'iterate'
      ? this.#lease.track(this.#raw.sqlOf(statement), result as IterableIterator<unknown>)
      : result;
  }

  pragma(source: string, run: (source: string) => unknown): unknown {
    return run(source);
  }

  change<T>(_change: Change, run: () => T): T {
    return run();
  }
}
