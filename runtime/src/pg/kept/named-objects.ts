/**
 * Who made the prepared statements (of SQL) and the cursors WITH HOLD of a session: in production each
 * connection has its own. Remembers makers only; whether a thing is still there, the server knows.
 */
import pg from 'pg';
import type { NamedObject } from './session-words.ts';

export class NamedObjects<Client extends object> {
  readonly #makers: Record<NamedObject, Map<string, Client>> = {
    'prepared statement': new Map(),
    cursor: new Map(),
  };

  made(noun: NamedObject, name: string, client: Client): void {
    this.#makers[noun].set(name, client);
  }

  /** Names that another client made: this one, or all. */
  ofOthers(noun: NamedObject, name: string | undefined, client: Client): string[] {
    return [...this.#makers[noun]]
      .filter(([made, maker]) => (name === undefined || made === name) && maker !== client)
      .map(([made]) => made);
  }

  of(noun: NamedObject, client: Client): string[] {
    return this.all(noun).filter((name) => this.makerOf(noun, name) === client);
  }

  all(noun: NamedObject): string[] {
    return [...this.#makers[noun].keys()];
  }

  makerOf(noun: NamedObject, name: string): Client | undefined {
    return this.#makers[noun].get(name);
  }

  forget(noun: NamedObject, name: string): void {
    this.#makers[noun].delete(name);
  }
}

/** Asks which of these are still there. */
export function stillThere(noun: NamedObject, names: readonly string[]): string {
  const list = names.map((name) => pg.escapeLiteral(name)).join(', ');
  return `SELECT name FROM pg_catalog.${CATALOGUES[noun]} WHERE name IN (${list})`;
}

/** Does away with one of a client that is gone. */
export function discardOf(noun: NamedObject, name: string): string {
  return `${noun === 'cursor' ? 'CLOSE' : 'DEALLOCATE'} ${pg.escapeIdentifier(name)}`;
}

const CATALOGUES: Record<NamedObject, string> = {
  'prepared statement': 'pg_prepared_statements',
  cursor: 'pg_cursors',
};
