/**
 * Prisma Migrate: the SQL of its folders, in the order of their names, as `prisma migrate deploy` sends
 * it. Its engine is a program of its own and not needed for that.
 */
import { join } from 'node:path';
import { filesIn } from '../../../migration-directory.ts';
import type { Library } from '../library.ts';
import { runSql, sqlFile } from '../sql-source.ts';

const MIGRATION = /^([^/]+)\/migration\.sql$/;

export const prisma: Library = {
  nameOf: (file) => MIGRATION.exec(file)?.[1],
  run: async ({ client, directory, begins }) => {
    for (const file of await filesIn(directory)) {
      if (!MIGRATION.test(file)) continue;
      begins(file);
      await runSql(client, await sqlFile(join(directory, file), file));
    }
  },
};
