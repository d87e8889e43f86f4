/** What a rollback does not undo on a connection: settings, and databases that were attached to it. */
import type { RawHandle } from './driver.ts';

interface Attached {
  readonly name: string;
  readonly file: string;
}

export class Residue {
  readonly #raw: RawHandle;
  /** What was set, by name, with the statement that sets it back. */
  #settings: Map<string, string> | undefined;
  /** Before the first ATTACH or DETACH. */
  #attached: readonly Attached[] | undefined;

  constructor(raw: RawHandle) {
    this.#raw = raw;
  }

  /** A pragma is about to be set. `case_sensitive_like` alone cannot be asked; it is off unless somebody set it. */
  noteSetting(name: string): void {
    const settings = (this.#settings ??= new Map());
    if (settings.has(name)) return;
    const before = this.#raw.setting(name) as string | number | undefined;
    settings.set(name, `PRAGMA ${name} = ${before ?? 'OFF'}`);
  }

  /** A database is about to be attached or detached. */
  noteAttached(): void {
    this.#attached ??= this.#databases();
  }

  /** Whether databases come or go: then the transaction has to end before they can be put back. */
  get movedDatabases(): boolean {
    return this.#attached !== undefined;
  }

  restoreSettings(): void {
    for (const restore of this.#settings?.values() ?? []) this.#raw.exec(restore);
  }

  /** Outside of a transaction. */
  restoreDatabases(): void {
    const before = this.#attached;
    if (!before) return;
    const now = this.#databases();
    for (const { name } of now)
      if (!before.some((known) => known.name === name)) this.#raw.exec(`DETACH ${quoted(name)}`);
    for (const { name, file } of before)
      if (!now.some((known) => known.name === name))
        this.#raw.exec(`ATTACH ${quoted(file)} AS ${quoted(name)}`);
  }

  /** The databases of the connection; `temp` comes and goes by itself. */
  #databases(): Attached[] {
    const list = this.#raw.all('PRAGMA database_list') as unknown as Attached[];
    return list.map(({ name, file }) => ({ name, file })).filter(({ name }) => name !== 'temp');
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
