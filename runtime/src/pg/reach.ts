/**
 * A session's way to its real connection: taken at the first question, from those that are warm or
 * from whoever has more; given up when nobody may wait for it any longer. Sends nothing of the app's.
 */
import type pg from 'pg';
import { openShared } from '../ambient-test.ts';
import { fit, fitnessOf, type Fitness } from './connection-settings.ts';
import { RealConnection } from './real-connection.ts';
import type { WarmConnections } from './warm-connections.ts';
import { within } from './within.ts';

/** Where a session gets its connection. */
export interface Connections {
  readonly checkout: () => Promise<pg.PoolClient>;
  /** @param error set when the connection must not be used again */
  readonly giveBack: (client: pg.PoolClient, error?: Error) => void;
  /** Those that are taken, and not given back for a moment; absent, none is kept. */
  readonly warm?: WarmConnections;
  /** What the connections were made with. */
  readonly options?: pg.PoolConfig | undefined;
}

/** Who wants a connection. */
interface Wanting {
  /** Called once, as soon as there is one. */
  reached(real: RealConnection, fitness: Fitness): void;
}

export class Reach {
  readonly #connections: Connections;
  readonly #wanting: Wanting;
  #real: RealConnection | undefined;
  #reaching: Promise<RealConnection> | undefined;
  /** It is there, and not ready yet. */
  #preparing: RealConnection | undefined;
  #giveUpWaiting: (reason: Error) => void = ignore;

  constructor(connections: Connections, wanting: Wanting) {
    this.#connections = connections;
    this.#wanting = wanting;
  }

  get real(): RealConnection | undefined {
    return this.#real;
  }

  /** Whether it was asked for, and is not there. */
  get isOnItsWay(): boolean {
    return !this.#real && this.#reaching !== undefined;
  }

  /** The connection, if that takes no time. */
  get atHand(): RealConnection | undefined {
    if (this.#real || this.#reaching) return this.#real;
    const warm = this.#connections.warm?.take();
    const fitness = warm && fitnessOf(warm);
    if (fitness) this.#reached(warm, fitness);
    return this.#real;
  }

  /** Takes the connection, once. @throws the error of connecting */
  async connection(): Promise<RealConnection> {
    return this.atHand ?? (this.#reaching ??= this.#connect());
  }

  /** Waits for the connection if it was asked for, and gives it up when that takes too long. */
  async settled(graceMillis: number, reason: () => Error): Promise<void> {
    if (this.#real || !this.#reaching) return;
    const reaching = this.#reaching.then(ignore, ignore);
    if (!(await within(graceMillis, reaching))) this.giveUp(reason());
    await reaching;
  }

  /** Has everything that still waits for the server fail. */
  giveUp(reason: Error): void {
    (this.#real ?? this.#preparing)?.destroy();
    this.#giveUpWaiting(reason);
  }

  #reached(real: RealConnection, fitness: Fitness): void {
    this.#real = real;
    this.#wanting.reached(real, fitness);
  }

  async #connect(): Promise<RealConnection> {
    const taken = this.#take();
    const givenUp = new Promise<never>((_, reject) => (this.#giveUpWaiting = reject));
    try {
      const { real, fitness } = await Promise.race([taken, givenUp]);
      this.#reached(real, fitness);
      return real;
    } catch (error) {
      // A server that was not there may be there the next time.
      this.#reaching = undefined;
      // Nobody waits for it any more.
      taken.then(({ real: { client } }) => {
        this.#connections.giveBack(client);
      }, ignore);
      throw error;
    }
  }

  async #take(): Promise<{ real: RealConnection; fitness: Fitness }> {
    // The connection serves whoever asks later; it is not the first asker's own.
    const client = await openShared(() => this.#connections.checkout());
    const real = RealConnection.of(client);
    this.#preparing = real;
    try {
      return { real, fitness: await fit(real) };
    } catch (error) {
      this.#connections.giveBack(client, error as Error);
      throw error;
    }
  }
}

function ignore(): void {
  // What comes late has nobody to hear it.
}
