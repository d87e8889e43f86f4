/** All hazards, in the order users meet them in the docs. A new entry is a file and a line here. */
import { requireClientRelease } from './require-client-release.ts';

export const HAZARDS = [requireClientRelease] as const;
