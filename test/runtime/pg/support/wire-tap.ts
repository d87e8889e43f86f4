/** What is really sent to a server: read from the bytes, so that no layer of ours can hide anything. */
import type pg from 'pg';

/** Frontend messages that carry SQL: Query, and Parse (a name, then the text). */
const QUERY = 'Q';
const PARSE = 'P';

/** Hears the texts that every connection of a pool sends from now on. */
export function tapInto(pool: pg.Pool, hear: (sql: string) => void): void {
  pool.on('connect', (client) => {
    const { stream } = client.connection;
    const write = stream.write.bind(stream) as (data: Buffer, ...rest: unknown[]) => boolean;
    let unread: Buffer = Buffer.alloc(0);
    stream.write = ((data: Buffer, ...rest: unknown[]) => {
      unread = readMessages(Buffer.concat([unread, data]), hear);
      return write(data, ...rest);
    }) as typeof stream.write;
  });
}

/** @returns what is left of a message that is not complete */
function readMessages(bytes: Buffer, hear: (sql: string) => void): Buffer {
  const HEADER = 5;
  let rest = bytes;
  while (rest.length >= HEADER) {
    const end = 1 + rest.readInt32BE(1);
    if (rest.length < end) return rest;
    const texts = rest.toString('utf8', HEADER, end).split('\0');
    const type = rest.toString('latin1', 0, 1);
    if (type === QUERY) hear(texts[0] ?? '');
    if (type === PARSE) hear(texts[1] ?? '');
    rest = rest.subarray(end);
  }
  return rest;
}
