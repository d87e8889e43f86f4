/**
 * Connections between two tests: what ends the one is still owed to the server, and goes with what
 * begins the other when that comes at once.
 */
import type { RealConnection } from './real-connection.ts';

export class WarmConnections {
  readonly #connections: RealConnection[] = [];

  /** One that works, if there is any; it is the caller's then. */
  take(): RealConnection | undefined {
    const index = this.#connections.findLastIndex(({ lost }) => !lost);
    return index === -1 ? undefined : this.#connections.splice(index, 1)[0];
  }

  /**
   * Keeps a connection for a moment.
   * @param end what its test owes the server
   * @param giveBack called when nobody took it
   */
  keep(real: RealConnection, end: readonly string[], giveBack: () => void): void {
    this.#connections.push(real);
    real.owe(end, () => {
      const index = this.#connections.indexOf(real);
      // Somebody took it and has asked nothing yet: it is his to give back.
      if (index === -1) return;
      this.#connections.splice(index, 1);
      giveBack();
    });
  }
}
