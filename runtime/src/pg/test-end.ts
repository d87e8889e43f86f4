/** What the end of a test says of what is still used: of sandboxes and of clones alike. */
import { HazardError } from '../hazard-error.ts';
import type { Trace } from '../trace.ts';
import { afterItsTest, type Ownership } from './refusals.ts';

/** A client that was not given back. @param taken where it was taken */
export function notReleased({ owner }: Ownership, taken: Trace): HazardError {
  return new HazardError('require-client-release', {
    values: { test: owner },
    acquired: taken,
    expected: `before ${owner} ends`,
  });
}

/** What is asked after the end. */
export class LateRefusals {
  readonly #of: Ownership;
  #told = false;

  constructor(of: Ownership) {
    this.#of = of;
  }

  /** @param timedOut whether a time-out ended the test */
  refuse(asked: Trace, timedOut: boolean): Error {
    const error = afterItsTest(this.#of, asked, timedOut);
    // Its test is over and cannot fail any more, and what works late often swallows its errors.
    if (!this.#told) process.emitWarning(error);
    this.#told = true;
    return error;
  }
}
