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

/** The rows that stand in a database, and how many were ever inserted. */
interface Count {
  readonly tags: number;
  readonly users: number;
}
const ROWS = 'SELECT (SELECT count(*) FROM tags) AS tags, (SELECT count(*) FROM users) AS users';

async function countRows(pool: pg.Pool, sqlite: Database.Database) {
  const { rows } = await pool.query<Record<keyof Count, string>>(ROWS);
  const onPostgres: Count = { tags: Number(rows[0]?.tags), users: Number(rows[0]?.users) };
  return { PostgreSQL: onPostgres, SQLite: sqlite.prepare<[], Count>(ROWS).get() };
}
