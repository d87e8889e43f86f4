/**
 * What stands behind a logical client where libraries reach for its connection: nothing can be
 * written to it; it is there to be listened to, and to be destroyed.
 */
import { EventEmitter } from 'node:events';

// Kept from before a test can mock the timers.
const { setImmediate } = globalThis;

export class LogicalConnection extends EventEmitter {
  readonly stream = new LogicalStream();
  readonly parsedStatements: Readonly<Record<string, string>> = {};
  readonly submittedNamedStatements: Readonly<Record<string, string>> = {};

  constructor() {
    super();
    this.stream.on('close', () => this.emit('end'));
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
