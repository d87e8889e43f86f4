/**
 * Time in which this process had nothing to do. One that is busy, or that is kept from running, lets
 * little of it pass. Knows not who waits.
 */

// Kept from before a test can mock it.
const { performance } = globalThis;

/** Of a step that was longer work, nothing counts. */
const BUSY = 0.5;

export class StillTime {
  #last = performance.eventLoopUtilization();
  #millis = 0;
  #passed = 0;

  /** How much of the time was still. */
  get millis(): number {
    return this.#millis;
  }

  /** All of it, as far as the process took part in it. */
  get passed(): number {
    return this.#passed;
  }

  /** A timer of so many milliseconds has come. How late it came does not count. */
  pass(millis: number): void {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#last);
    this.#last = now;
    this.#passed += millis;
    if (utilization < BUSY) this.#millis += millis;
  }
}
