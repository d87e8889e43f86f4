/** Test files that get their pool in either way, run as users run theirs. */
import { symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { projectWith, startTests } from '../../runtime/databases/test-run.ts';
import type { Project } from '../../runtime/databases/users.ts';
import { scratchDatabase } from '../../support/database.ts';
import { Witness } from './sandboxes.ts';

/** Modules that export `db` and `poolOf(t)`; the first is there, the second made by `db.mjs`. */
export const POOLS = {
  'db.rollback': `
import { db } from './db.mjs';
export { db };
export const poolOf = (t) => db.rollback(t);
`,
  rollbackEach: `
import pg from 'pg';
import { rollbackEach } from 'savepoint/pg';
import { db } from './db.mjs';
export { db };
const pool = new pg.Pool({ connectionString: await db.connectionString() });
rollbackEach(pool);
export const poolOf = () => pool;
`,
};

export type PoolKind = keyof typeof POOLS;

const PG = dirname(createRequire(import.meta.url).resolve('pg/package.json'));

/** A project with `db.mjs`, `pool.mjs` and the given files, in which `pg` is installed, too. */
export async function projectOn(
  t: TestContext,
  pool: PoolKind,
  files: Readonly<Record<string, string>>,
): Promise<Project> {
  const own = await projectWith(t, { 'pool.mjs': POOLS[pool], ...files });
  await symlink(PG, join(own.folder, 'node_modules', 'pg'), 'junction');
  return own;
}

const DATABASE = `
import { postgres } from 'savepoint/pg';
export const db = postgres({ connectionString: process.env.CONNECTION_STRING });
`;

export interface FileRun {
  readonly code: number | null;
  readonly output: string;
  /** Names of tests that passed, and of tests and suites that failed. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

/**
 * Runs one file on a database of its own, and waits until the server has nothing of it any more.
 * @returns what it came to, once there is no session, no lock and no row of it left
 */
export async function runFile(t: TestContext, pool: PoolKind, text: string): Promise<FileRun> {
  const database = await scratchDatabase(t);
  const witness = new Witness(database);
  t.after(() => witness.end());
  await witness.rows('CREATE TABLE users (id int PRIMARY KEY)');
  const own = await projectOn(t, pool, { 'db.mjs': DATABASE, 'file.test.mjs': text });
  const { code, output } = await startTests(t, own, { CONNECTION_STRING: database }).ended;
  await witness.untilAlone();
  const rows = await witness.rows('SELECT * FROM users');
  if (rows.length > 0) throw new Error(`${String(rows.length)} rows were committed:\n${output}`);
  const named = (pattern: RegExp) => [...output.matchAll(pattern)].map(([, name = '']) => name);
  return {
    code,
    output,
    passed: named(/^ *ok \d+ - (.*)$/gm),
    failed: named(/^ *not ok \d+ - (.*)$/gm),
  };
}
