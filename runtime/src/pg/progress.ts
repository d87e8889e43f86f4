/** What is said on a terminal about work that takes longer than a moment. Knows no database. */

const MOMENT_MILLIS = 1_000;

// Kept from before a test can mock the timers.
const { setTimeout, clearTimeout } = globalThis;

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;

export class Progress {
  readonly #write: ((line: string) => void) | undefined;
  #said: string;
  #timer: NodeJS.Timeout | undefined;
  #speaks = false;

  /**
   * @param first what is going on, as in `migrating`
   * @param terminal where it is said, if it is one
   * @param afterMillis how long a moment is
   */
  constructor(
    first: string,
    terminal: Terminal = process.stderr,
    afterMillis: number = MOMENT_MILLIS,
  ) {
    this.#said = first;
    // Where nobody looks on, what is said would only be in the way of what tests print.
    if (!terminal.isTTY) return;
    this.#write = (line) => terminal.write(`savepoint: ${line}\n`);
    this.#timer = setTimeout(() => {
      this.#speaks = true;
      this.#write?.(this.#said);
    }, afterMillis);
    this.#timer.unref();
  }

  /** What is going on now. */
  say(what: string): void {
    this.#said = what;
    if (this.#speaks) this.#write?.(what);
  }

  /** It is over. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#speaks) this.#write?.('done');
  }
}
