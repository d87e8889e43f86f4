/** The bytes of a database that was in WAL mode, made fit to be opened in memory. */

/** Where the header of a database says how the file is to be written and to be read. */
const WRITE_VERSION = 18;
const READ_VERSION = 19;
const LEGACY = 1;

/** A copy in memory cannot have a log beside it. https://www.sqlite.org/c3ref/deserialize.html */
export function withoutWal<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  if (bytes.length > READ_VERSION) {
    bytes[WRITE_VERSION] = LEGACY;
    bytes[READ_VERSION] = LEGACY;
  }
  return bytes;
}
