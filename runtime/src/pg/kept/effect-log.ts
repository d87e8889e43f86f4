/**
 * What a transaction will have done once it commits, in order; what is rolled back, to a savepoint or
 * altogether, is forgotten. Knows no SQL.
 */
export class EffectLog<Effect> {
  #effects: Effect[] = [];
  #savepoints: { readonly name: string; readonly before: number }[] = [];

  get effects(): readonly Effect[] {
    return this.#effects;
  }

  add(effect: Effect): void {
    this.#effects.push(effect);
  }

  savepoint(name: string): void {
    this.#savepoints.push({ name, before: this.#effects.length });
  }

  /** The innermost of that name, and those inside of it, are none any more. */
  release(name: string): void {
    this.#savepoints.length = Math.max(0, this.#innermost(name));
  }

  /** Forgets what was done since; the savepoint itself stays. */
  rollbackTo(name: string): void {
    const index = this.#innermost(name);
    const savepoint = this.#savepoints[index];
    if (!savepoint) return;
    this.#effects.length = savepoint.before;
    this.#savepoints.length = index + 1;
  }

  #innermost(name: string): number {
    return this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
  }
}
