/**
 * The resources both detectors know: how each is acquired, and how it is released. Pure data, so
 * that a user extends it by one JSON setting (`settings.savepoint.resources`).
 */
import type { CheckedResource } from './resource.ts';
import { CLIENTS } from './resources/clients.ts';
import { DATABASES } from './resources/databases.ts';
import { PROCESSES } from './resources/processes.ts';
import { SERVERS } from './resources/servers.ts';

export const RESOURCES: readonly CheckedResource[] = [
  ...DATABASES,
  ...SERVERS,
  ...CLIENTS,
  ...PROCESSES,
];
