/**
 * Statements without rows that are read row by row, as `node:sqlite` allows: they run when the first
 * row is asked for. A COMMIT that deferred keys refuse is then left as it stands: to SQLite it is still
 * running, and tables cannot be dropped, until it is run again or its iterator given up. Node ends it
 * too when it collects the statement, which no sandbox can see: here it runs until the test ends.
 */
import { resultCode, type RawHandle } from './driver.ts';
import type { Rows } from './rows.ts';

interface Unfinished {
  readonly error: unknown;
  readonly finish: () => void;
}

export class Rowless {
  readonly #raw: RawHandle;
  readonly #unfinished = new Map<object, Unfinished>();

  constructor(raw: RawHandle) {
    this.#raw = raw;
  }

  /**
   * The rows of a statement that has none. Node 22 runs it once more for who asks again after the end;
   * Node 24 does not, nor does this.
   * @param run called when the first is asked for, and again after an error
   */
  rowsOf(statement: object, run: () => void): Rows {
    let hasRun = false;
    return {
      next: () => {
        if (!hasRun) this.#run(statement, run);
        hasRun = true;
        return NO_MORE;
      },
      return: () => {
        hasRun = true;
        this.#finish(statement);
        return NO_MORE;
      },
    };
  }

  /** @throws what it last ended with, once: before it runs a statement anew Node ends it, and tells of that */
  beforeRunning(statement: object): void {
    const unfinished = this.#finish(statement);
    if (unfinished) throw unfinished.error;
  }

  end(): void {
    for (const statement of this.#unfinished.keys()) this.#finish(statement);
  }

  #run(statement: object, run: () => void): void {
    try {
      run();
      this.#finish(statement);
    } catch (error) {
      const isRefusedByKeys = resultCode(error) === 'SQLITE_CONSTRAINT';
      if (isRefusedByKeys && !this.#unfinished.has(statement))
        this.#unfinished.set(statement, { error, finish: this.#raw.keepRunning() });
      throw error;
    }
  }

  #finish(statement: object): Unfinished | undefined {
    const unfinished = this.#unfinished.get(statement);
    this.#unfinished.delete(statement);
    unfinished?.finish();
    return unfinished;
  }
}

/** As Node says it. */
const NO_MORE: IteratorReturnResult<null> = { done: true, value: null };
