/** The transaction beneath a sandbox: how it is begun, and how everything since then is undone. */
import { RESERVED_PREFIX } from './app-transaction.ts';
import type { RawHandle } from './driver.ts';

export interface Floor {
  /** Whether it is the outermost: nothing is left of it when SQLite ends the transaction. */
  readonly isOutermost: boolean;
  /** @throws the driver's error when somebody else is writing */
  enter(): void;
  /** Undoes everything since `enter`, and stays as ready for the next one as it can be. */
  leave(): void;
}

/** IMMEDIATE takes the write lock now instead of at some statement of the app. */
function begin(raw: RawHandle): void {
  raw.run(raw.readonly ? 'BEGIN' : 'BEGIN IMMEDIATE');
}

/** A transaction for one sandbox. */
export function ownTransaction(raw: RawHandle): Floor {
  return {
    isOutermost: true,
    enter: () => {
      begin(raw);
    },
    leave: () => {
      raw.run('ROLLBACK');
    },
  };
}

/** A savepoint in the sandbox of somebody else. @param depth how many sandboxes are around it */
export function insideAnother(raw: RawHandle, depth: number): Floor {
  const name = `"${RESERVED_PREFIX}sandbox ${String(depth)}"`;
  return {
    isOutermost: false,
    enter: () => {
      raw.run(`SAVEPOINT ${name}`);
    },
    leave: () => {
      raw.run(`ROLLBACK TO ${name}`);
      raw.run(`RELEASE ${name}`);
    },
  };
}

const GROUND = `"${RESERVED_PREFIX}ground"`;

/**
 * A transaction that is kept from test to test, so that locks are not given back only to be taken
 * again. It ends when the process turns to anything else than tests.
 */
export class KeptTransaction implements Floor {
  readonly isOutermost = true;
  readonly #raw: RawHandle;
  #isEntered = false;
  #isToEnd = false;

  constructor(raw: RawHandle) {
    this.#raw = raw;
  }

  enter(): void {
    if (!this.#raw.inTransaction) {
      begin(this.#raw);
      this.#raw.run(`SAVEPOINT ${GROUND}`);
    }
    this.#isEntered = true;
  }

  leave(): void {
    this.#isEntered = false;
    this.#raw.run(`ROLLBACK TO ${GROUND}`);
    this.#endSoon();
  }

  /** Nothing of what a rollback alone undoes remains. Does nothing where it has ended already. */
  end(): void {
    if (this.#raw.isOpen && this.#raw.inTransaction) this.#raw.run('ROLLBACK');
  }

  /** In memory nobody waits for the lock. */
  #endSoon(): void {
    if (this.#isToEnd || this.#raw.file === undefined) return;
    this.#isToEnd = true;
    setImmediate(() => {
      this.#isToEnd = false;
      if (!this.#isEntered) this.end();
    }).unref();
  }
}
