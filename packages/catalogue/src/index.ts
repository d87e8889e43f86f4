/** The catalogue: one entry per hazard, the words for it, and the questions one can ask of it. */
export * from './vocabulary.ts';
export * from './hazard.ts';
export type { CheckedResource, Loan, Resource } from './resource.ts';
export { RESOURCES } from './resources.ts';
export * from './catalogue.ts';
export * from './symptoms.ts';
export * from './explain.ts';
export * from './rule-page.ts';
export { resourcePage } from './resource-page.ts';
export { HAZARDS } from './hazards/index.ts';
