/**
 * A connection of savepoint's own that is there for the whole process and keeps it alive only while
 * it is asked something. One that breaks is replaced. Knows nothing of what is asked.
 */
import type pg from 'pg';
import { endUnreferenced, ref, unref } from './connect.ts';

export class QuietConnection {
  readonly #open: () => Promise<pg.Client>;
  readonly #onLost: () => void;
  #client: Promise<pg.Client> | undefined;
  #asking = 0;
  #ended = false;

  /**
   * @param open makes it, at the first question and after it broke
   * @param onLost told when it broke
   */
  constructor(open: () => Promise<pg.Client>, onLost: () => void = () => undefined) {
    this.#open = open;
    this.#onLost = onLost;
  }

  /** How many questions are not answered. */
  get asking(): number {
    return this.#asking;
  }

  /** @throws what the driver throws, also when it cannot be made */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]> {
    this.#asking++;
    let client: pg.Client | undefined;
    try {
      client = await this.client();
      ref(client);
      return (await client.query<Row>(text, values && [...values])).rows;
    } finally {
      if (--this.#asking === 0 && client) unref(client);
    }
  }

  /** The connection itself, made if need be. */
  client(): Promise<pg.Client> {
    return (this.#client ??= this.#connect());
  }

  async end(): Promise<void> {
    this.#ended = true;
    const client = await this.#client?.catch(() => undefined);
    if (client) await endUnreferenced(client);
  }

  async #connect(): Promise<pg.Client> {
    try {
      const client = await this.#open();
      client.once('end', () => {
        this.#client = undefined;
        if (!this.#ended) this.#onLost();
      });
      if (this.#asking === 0) unref(client);
      return client;
    } catch (error) {
      // The next question tries again.
      this.#client = undefined;
      throw error;
    }
  }
}
