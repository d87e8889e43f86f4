/** Reports whose facts have to be asked for first, and which must not be lost when the process ends before. */

/** What there is to say of a hazard, once. */
export type Say<Facts> = (facts: Facts | undefined) => void;

export class Findings {
  readonly #awaits: (finding: Promise<void>) => void;
  readonly #open = new Set<() => void>();

  /** @param awaits is given each finding, so that the end of the run waits for it */
  constructor(awaits: (finding: Promise<void>) => void) {
    this.#awaits = awaits;
    // Without the facts, if need be.
    process.once('exit', () => {
      for (const say of this.#open) say();
    });
  }

  /** Says it with the facts as soon as they are there; without them when they do not come. */
  find<Facts>(facts: Promise<Facts | undefined>, say: Say<Facts>): void {
    const sayWithout = () => say(undefined);
    this.#open.add(sayWithout);
    const finding = facts.then((found) => {
      this.#open.delete(sayWithout);
      say(found);
    });
    this.#awaits(finding);
  }
}
