/**
 * What `prisma generate` does, without the command and its downloads: a client for `schema.prisma`,
 * in a folder that git ignores.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type * as Generator from '@prisma/client-generator-ts';
import type * as Internals from '@prisma/internals';

const SCHEMA = fileURLToPath(new URL('schema.prisma', import.meta.url));

export async function generatePrismaClient(): Promise<void> {
  // As ES modules these packages import files that they do not have.
  const require = createRequire(import.meta.url);
  const { getGenerators, loadSchemaContext } = require('@prisma/internals') as typeof Internals;
  const { PrismaClientTsGenerator } = require('@prisma/client-generator-ts') as typeof Generator;
  const schemaContext = await loadSchemaContext({
    schemaPath: { cliProvidedPath: SCHEMA },
    cwd: dirname(SCHEMA),
    printLoadMessage: false,
  });
  const generators = await getGenerators({
    schemaContext,
    registry: { 'prisma-client': { type: 'in-process', generator: new PrismaClientTsGenerator() } },
    skipDownload: true,
    cliCommand: 'generate',
  });
  for (const generator of generators) {
    await generator.generate();
    generator.stop();
  }
}
