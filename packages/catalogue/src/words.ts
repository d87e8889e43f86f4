/**
 * What errors say of hazards, apart from the rest of the catalogue: every test process loads it, and
 * nearly none has anything to say.
 */
import type { HazardId } from './catalogue.ts';
import { WORDS } from './hazards/words.ts';

export { fill } from './hazard.ts';

/** From one entry. */
export interface Words {
  /** What happened, with placeholders, where the runtime sees it; else the title. */
  readonly says: string;
  readonly remedy: string;
}

export function wordsFor(id: HazardId): Words {
  return WORDS[id];
}
