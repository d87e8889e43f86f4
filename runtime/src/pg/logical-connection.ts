/**
 * What stands behind a logical client where libraries reach for its connection: nothing can be
 * written to it; it is there to be listened to, and to be destroyed.
 */
import { EventEmitter } from 'node:events';

// Kept from before a test can mock the timers.
const { setImmediate } = globalThis;

/** Nothing is prepared on it. */
const NO_STATEMENTS: Readonly<Record<string, string>> = Object.freeze({});

export class LogicalConnection extends EventEmitter {
  readonly parsedStatements = NO_STATEMENTS;
  readonly submittedNamedStatements = NO_STATEMENTS;
  #stream: LogicalStream | undefined;

  /** Nobody reaches for most of them. */
  get stream(): LogicalStream {
    if (!this.#stream) {
      this.#stream = new LogicalStream();
      this.#stream.on('close', () => this.emit('end'));
    }
    return this.#stream;
  }

  end(): void {
    this.stream.destroy();
  }

  /** There is no socket of its own that could keep the process alive. */
  ref(): void {}
  unref(): void {}
}

class LogicalStream extends EventEmitter {
  destroyed = false;

  get writable(): boolean {
    return !this.destroyed;
  }

  /** As a socket's: the end comes soon, and once. */
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    setImmediate(() => this.emit('close'));
    return this;
  }

  end(): this {
    return this.destroy();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
