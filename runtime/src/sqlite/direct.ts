/** A copy of the database that one test has to itself: nothing stands between the app and the driver. */
import type { Access } from './access.ts';
import type { Handle, RawHandle, Running, Statement } from './driver.ts';
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

  execute(statement: Statement, method: Running, args: unknown[]): unknown {
    const result = this.#raw.methods[method].apply(statement, args);
    return method === 'iterate'
      ? this.#lease.track(statement.source, result as IterableIterator<unknown>)
      : result;
  }

  pragma(...args: Parameters<Handle['pragma']>): unknown {
    return this.#raw.pragma(...args);
  }

  close(): void {
    this.#raw.close();
  }
}
