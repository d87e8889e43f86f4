/** savepoint: fixtures for node:test that end when their test ends. */
export { use } from './use.ts';
export { HazardError } from './hazard-error.ts';
export type { HazardFacts } from './hazard-error.ts';
export type { Place, Trace } from './trace.ts';
export { SetupError } from './setup-error.ts';
export type { SetupErrorCode } from './setup-error.ts';
