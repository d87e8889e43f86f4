/** What SQLite would say. The driver's edge turns it into the driver's own error. */
export class SqliteRefusal extends Error {
  /** SQLite's extended result code, by name. */
  readonly code: string;

  constructor(message: string, code = 'SQLITE_ERROR') {
    super(message);
    this.code = code;
  }
}
