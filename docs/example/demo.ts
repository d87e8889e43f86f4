/**
 * `npm run demo`: the risky tests, seen by the linter and by the runtime under the same names; then
 * the safe tests, with the rows of both databases counted before and after. Every cell of the table
 * comes from a detector.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HAZARDS } from '@savepoint/catalogue';
import Database from 'better-sqlite3';
import Table from 'cli-table3';
import pg from 'pg';
import { postgres } from 'savepoint/pg';
import { lint, type Report, runUnderWatch } from '../../test/support/detectors.ts';
import { db } from './safe/databases.ts';
import { schema } from './src/postgres-store.ts';
import { schema as sqliteSchema } from './src/sqlite-store.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'savepoint-demo-'));

function testFiles(name: string): string[] {
  return readdirSync(join(here, name))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(here, name, file));
}

/** Runs `work` on every item, a few at a time. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, worker));
  return results;
}

async function runRiskyTests(files: readonly string[]): Promise<Report[]> {
  const playground = postgres({ migrate: (client) => client.query(schema) });
  const DATABASE_URL = await playground.connectionString();
  const runs = await inParallel(files, (file) =>
    runUnderWatch(file, join(folder, `${basename(file)}.jsonl`), { DATABASE_URL }),
  );
  return runs.flatMap(({ reports }) => reports);
}

/** One row per hazard that either side saw, in catalogue order. */
function compare(linted: readonly Report[], observed: readonly Report[]): string {
  const table = new Table({
    head: ['hazard', 'the linter pointed at', 'the runtime saw'],
    colWidths: [30, 36, 78],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { id } of HAZARDS) {
    const [source = [], inRun = []] = [linted, observed].map((all) =>
      all.filter(({ code }) => code === id),
    );
    if (source.length + inRun.length === 0) continue;
    // The file that shows a hazard best is one in which both sides see it.
    const first = source.find(({ file }) => inRun.some((seen) => seen.file === file)) ?? source[0];
    const second = inRun.find(({ file }) => file === first?.file) ?? inRun[0];
    table.push([
      id,
      first ? `${first.file}:${first.line ?? ''}` : '',
      second ? (second.message.split('\n')[0] ?? '') : '',
    ]);
  }
  return table.toString();
}

const ROWS =
  'SELECT (SELECT CAST(count(*) AS integer) FROM tags) AS tags, (SELECT CAST(count(*) AS integer) FROM users) AS users';
/** The server counts what was inserted, also what was rolled back. */
const INSERTED =
  "SELECT sum(n_tup_ins)::int AS inserted FROM pg_stat_user_tables WHERE relname IN ('tags', 'users')";

async function onPostgres(connectionString: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows[0];
  } finally {
    await client.end();
  }
}

function onSqlite(file: string): unknown {
  const sqlite = new Database(file, { fileMustExist: true, readonly: true });
  try {
    return sqlite.prepare(ROWS).get();
  } finally {
    sqlite.close();
  }
}

/** Runs the safe tests, one file after another. @returns the exit code of the test runner */
function runSafeTests(environment: NodeJS.ProcessEnv): Promise<number> {
  const options = ['--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=spec'];
  const child = spawn(process.execPath, [...options, ...testFiles('safe')], {
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  });
  return new Promise((resolve) => {
    child.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

async function main(): Promise<number> {
  const files = testFiles('risky');
  console.log(
    `Linting and running ${files.length} risky test files. Several never end by themselves …`,
  );
  const [linted, observed] = await Promise.all([lint(files), runRiskyTests(files)]);
  console.log(`\n${compare(linted, observed)}\n`);

  console.log('Running the safe tests on embedded PostgreSQL and embedded SQLite …\n');
  const sqliteFile = join(folder, 'tags-test.db');
  new Database(sqliteFile).exec(sqliteSchema).close();
  const database = await db.connectionString();
  const count = async () => ({
    PostgreSQL: await onPostgres(database, ROWS),
    SQLite: onSqlite(sqliteFile),
  });
  const before = await count();
  const exitCode = await runSafeTests({ TEST_SQLITE_FILE: sqliteFile });
  const after = await count();

  console.log('\nRows before the safe tests and after them:');
  console.log('  before', JSON.stringify(before));
  console.log('  after ', JSON.stringify(after));
  console.log(
    '  inserted in PostgreSQL meanwhile',
    JSON.stringify(await onPostgres(database, INSERTED)),
  );
  return exitCode;
}

try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
