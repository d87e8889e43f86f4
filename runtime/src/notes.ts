/**
 * Hazards that do not fail a test by themselves: what was asked is done, and the test's author is
 * told, each of them once. Knows no resource.
 */
import type { HazardId } from '@savepoint/catalogue';
import type { HazardError } from './hazard-error.ts';

export class Notes {
  readonly #told = new Set<HazardId>();

  /** Tells a hazard as a warning of the process, unless it was told before. */
  tell(code: HazardId, seen: () => HazardError): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    process.emitWarning(seen());
  }
}
