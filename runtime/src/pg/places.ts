/** A limited number of places, given one after another in the order of asking. Knows not what for. */

/** A place, or the wait for one. */
export interface Place {
  /** Settles when the place is had; undefined once it is. Rejects when it is left before that. */
  readonly ready: Promise<void> | undefined;
  /** Gives it to the next. @param error makes what those hear who wait for it still */
  leave(error: () => Error): void;
}

export class Places {
  #limit: number;
  #taken = 0;
  readonly #waiting: Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** From now on at most this many are given; those that were stay. */
  limitTo(limit: number): void {
    this.#limit = Math.min(this.#limit, limit);
  }

  take(): Place {
    const place = new Waiting(
      () => {
        this.#taken--;
        this.#next();
      },
      () => {
        this.#waiting.splice(this.#waiting.indexOf(place), 1);
      },
    );
    this.#waiting.push(place);
    this.#next();
    return place;
  }

  #next(): void {
    while (this.#taken < this.#limit) {
      const place = this.#waiting.shift();
      if (!place) return;
      this.#taken++;
      place.give();
    }
  }
}

class Waiting implements Place {
  readonly #free: () => void;
  readonly #withdraw: () => void;
  #state: 'waiting' | 'given' | 'left' = 'waiting';
  /** Made for those who wait; most places are had at once. */
  #wait: Wait | undefined;

  constructor(free: () => void, withdraw: () => void) {
    this.#free = free;
    this.#withdraw = withdraw;
  }

  get ready(): Promise<void> | undefined {
    return this.#state === 'given' ? undefined : (this.#wait ??= newWait()).settled;
  }

  give(): void {
    this.#state = 'given';
    this.#wait?.resolve();
  }

  leave(error: () => Error): void {
    const before = this.#state;
    this.#state = 'left';
    if (before === 'given') this.#free();
    if (before === 'waiting') {
      this.#withdraw();
      this.#wait?.reject(error());
    }
  }
}

interface Wait {
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function newWait(): Wait {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const settled = new Promise<void>((...both) => ([resolve, reject] = both));
  // Whoever waits hears it; perhaps nobody does.
  settled.catch(() => undefined);
  return { settled, resolve, reject };
}
