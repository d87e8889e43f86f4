/**
 * What code has begun and may go on after: timers, files, look-ups, requests. Knows not whose code.
 */

/** Whether within a moment, or whenever. */
export type Pending = 'soon' | 'ever';

/** A longer timer is a limit on something more often than something to wait for. */
const SOON_MILLIS = 1_000;
/** Node does not say when one of these ends; one that takes longer is taken for ended. */
const REQUEST_MILLIS = 5_000;

const REQUEST = /REQ|CONNECTWRAP|QUERYWRAP|PROCESSWRAP|WORKER|ZLIB/;

// Kept from before a test can mock it.
const { performance } = globalThis;

/** Fields of Node's timers. */
interface Timer {
  readonly _destroyed: boolean;
  readonly _idleTimeout?: number;
  readonly _repeat?: number | null;
  hasRef(): boolean;
}

export class OwnWork {
  #timers: Timer[] = [];
  #lastRequest = -Infinity;

  /** @param type as `async_hooks` names it */
  note(type: string, operation: object): void {
    if (type === 'Timeout' || type === 'Immediate') this.#noteTimer(operation as Timer);
    else if (REQUEST.test(type)) this.#lastRequest = performance.now();
  }

  #noteTimer(timer: Timer): void {
    if (this.#timers.length > 16) this.#timers = this.#timers.filter(isLive);
    this.#timers.push(timer);
  }

  isPending(how: Pending): boolean {
    return (
      performance.now() - this.#lastRequest < REQUEST_MILLIS ||
      this.#timers.some(
        (timer) => isLive(timer) && (how === 'ever' || (timer._idleTimeout ?? 0) <= SOON_MILLIS),
      )
    );
  }
}

function isLive(timer: Timer): boolean {
  return !timer._destroyed && !timer._repeat && timer.hasRef();
}
