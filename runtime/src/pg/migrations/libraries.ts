/** The migration libraries that savepoint runs, by the names that the user calls them. */
import type { Library } from './library.ts';
import { drizzle } from './libraries/drizzle.ts';
import { knex } from './libraries/knex.ts';
import { kysely } from './libraries/kysely.ts';
import { nodePgMigrate } from './libraries/node-pg-migrate.ts';
import { prisma } from './libraries/prisma.ts';
import { umzug } from './libraries/umzug.ts';

export const LIBRARIES = {
  drizzle,
  knex,
  kysely,
  'node-pg-migrate': nodePgMigrate,
  prisma,
  umzug,
} as const satisfies Record<string, Library>;

export type LibraryName = keyof typeof LIBRARIES;
