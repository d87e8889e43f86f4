/** What a rollback does not undo on a connection: settings, and databases that were attached to it. */
import type { RawHandle } from './driver.ts';

interface Attached {
  readonly name: string;
  readonly file: string;
}

export class Residue {
  readonly #raw: RawHandle;
  /** That of the sandbox around, on the same handle. */
  readonly #outer: Residue | undefined;
  /** What was set, by name, with the statement that sets it back. */
  #settings: Map<string, string> | undefined;
  /** Before the first ATTACH or DETACH. */
  #attached: readonly Attached[] | undefined;

  constructor(raw: RawHandle, outer: Residue | undefined) {
    this.#raw = raw;
    this.#outer = outer;
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
    this.#outer?.noteAttached();
  }

  /** Whether databases come or go: then the transaction has to end before they can be put back. */
  get movedDatabases(): boolean {
    return this.#attached !== undefined;
  }

  restoreSettings(): void {
    for (const restore of this.#settings?.values() ?? []) this.#raw.exec(restore);
  }

  /**
   * Outside of a transaction, or in that of the sandbox around: what was written keeps its database
   * attached then, and is left to that sandbox.
   */
  restoreDatabases(): void {
    const before = this.#attached;
    if (!before) return;
    const now = this.#databases();
    for (const { name } of now)
      if (!before.some((known) => known.name === name)) this.#detach(name);
    for (const { name, file } of before)
      if (!now.some((known) => known.name === name))
        this.#raw.exec(`ATTACH ${quoted(file)} AS ${quoted(name)}`);
  }

  #detach(name: string): void {
    try {
      this.#raw.exec(`DETACH ${quoted(name)}`);
    } catch (error) {
      if (!this.#outer) throw error;
    }
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
