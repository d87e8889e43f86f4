/** What a server is really asked: read from the bytes, so that no layer of ours can hide anything. */
import type pg from 'pg';

/** Hears the text of every statement that the connections of a pool run from now on. */
export function tapInto(pool: pg.Pool, hear: (sql: string) => void): void {
  pool.on('connect', (client) => {
    const { stream } = client.connection;
    const write = stream.write.bind(stream) as (data: Buffer, ...rest: unknown[]) => boolean;
    const reader = new FrontendReader(hear);
    stream.write = ((data: Buffer, ...rest: unknown[]) => {
      reader.read(data);
      return write(data, ...rest);
    }) as typeof stream.write;
  });
}

/** Reads the messages of a client: Query, Parse (a name, then the text), Bind (a portal, then a name). */
class FrontendReader {
  readonly #hear: (sql: string) => void;
  readonly #prepared = new Map<string, string>();
  #unread: Buffer = Buffer.alloc(0);

  constructor(hear: (sql: string) => void) {
    this.#hear = hear;
  }

  read(data: Buffer): void {
    const HEADER = 5;
    this.#unread = Buffer.concat([this.#unread, data]);
    while (this.#unread.length >= HEADER) {
      const end = 1 + this.#unread.readInt32BE(1);
      if (this.#unread.length < end) return;
      this.#message(
        this.#unread.toString('latin1', 0, 1),
        this.#unread.toString('utf8', HEADER, end).split('\0'),
      );
      this.#unread = this.#unread.subarray(end);
    }
  }

  #message(type: string, [first = '', second = '']: string[]): void {
    if (type === 'Q') this.#hear(first);
    if (type === 'P') this.#prepared.set(first, second);
    if (type === 'B') this.#hear(this.#prepared.get(second) ?? '');
  }
}
