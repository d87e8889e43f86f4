/** What a client still keeps when it goes back to its pool, and where that was said. */
import type { Trace } from '../../trace.ts';

/** What a committed transaction left to its client, in words, or took away from it. */
export type ResidueEffect =
  | { readonly is: 'keep'; readonly what: string; readonly asked: () => Trace }
  | { readonly is: 'undo'; readonly what: string | RegExp };

export class Residue<Client extends object> {
  readonly #kept = new Map<Client, Map<string, () => Trace>>();

  commit(client: Client, effects: readonly ResidueEffect[]): void {
    for (const effect of effects) {
      const kept = this.#kept.get(client) ?? new Map<string, () => Trace>();
      this.#kept.set(client, kept);
      if (effect.is === 'keep') kept.set(effect.what, effect.asked);
      else for (const what of kept.keys()) if (matches(effect.what, what)) kept.delete(what);
    }
  }

  /** Of these clients, or of all. */
  of(clients: Iterable<Client> = this.#kept.keys()): Map<string, () => Trace> {
    return new Map([...clients].flatMap((client) => [...(this.#kept.get(client) ?? [])]));
  }

  drop(client: Client): void {
    this.#kept.delete(client);
  }
}

function matches(pattern: string | RegExp, what: string): boolean {
  return typeof pattern === 'string' ? pattern === what : pattern.test(what);
}
