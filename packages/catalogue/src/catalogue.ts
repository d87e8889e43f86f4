/** The questions that detectors ask of the entries. Knows no detector. */
import type { Hazard } from './hazard.ts';
import { HAZARDS } from './hazards/index.ts';
import type { Lifetime } from './vocabulary.ts';

/** The id of a hazard: ESLint rule name, `HazardError.code`, page name. */
export type HazardId = (typeof HAZARDS)[number]['id'];

const byId = new Map<string, Hazard>(HAZARDS.map((hazard) => [hazard.id, hazard]));

/**
 * The entry of this id.
 * @throws TypeError when no hazard has it
 */
export function hazard(id: HazardId): Hazard {
  const entry = byId.get(id);
  if (!entry) throw new TypeError(`no hazard has the id ${JSON.stringify(id)}`);
  return entry;
}

/** Whether a string is the id of a hazard. */
export function isHazardId(id: string): id is HazardId {
  return byId.has(id);
}

/** The hazards that are faults in a lifetime. */
const FAULTS = HAZARDS.filter((entry: Hazard) => entry.fault !== undefined);

/** Every hazard that this lifetime shows, in catalogue order. */
export function hazardsOf(lifetime: Lifetime): HazardId[] {
  return FAULTS.filter((entry: Hazard) => entry.fault?.(lifetime)).map(({ id }) => id);
}
