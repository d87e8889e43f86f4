/** Runs test files of the fixtures in a process of their own, as users run theirs. */
import { basename } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { scratchDatabase } from '../../../support/database.ts';
import { AS_TAP, namesIn, startNode, type Ended } from '../../../support/node-process.ts';

export interface Run {
  /** Its exit code; undefined when it had to be killed. */
  readonly exitCode: number | undefined;
  /** What the runner and the tests said, as TAP. */
  readonly output: string;
  /** Names of tests that passed, and of tests that failed; of files, for hooks of theirs. */
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Rows left in the database by it. */
  readonly rowsLeft: number;
}

const SCHEMA = `
  CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
  CREATE TABLE audit (id serial PRIMARY KEY, what text);
`;

/** Runs these files one after another on an empty database of their own. */
export async function runFiles(t: TestContext, ...files: readonly string[]): Promise<Run> {
  const connectionString = await scratchDatabase(t);
  const witness = new pg.Client({ connectionString });
  await witness.connect();
  try {
    await witness.query(SCHEMA);
    const { exitCode, output } = await runNode(connectionString, files);
    const { rows } = await witness.query<{ n: number }>(
      'SELECT ((SELECT count(*) FROM users) + (SELECT count(*) FROM audit))::int AS n',
    );
    const named = (result: 'ok' | 'not ok') =>
      namesIn(output, result).map((name) => basename(name));
    return {
      exitCode,
      output,
      passed: named('ok'),
      failed: named('not ok'),
      rowsLeft: rows[0]?.n ?? -1,
    };
  } finally {
    await witness.end();
  }
}

function runNode(connectionString: string, files: readonly string[]): Promise<Ended> {
  const paths = files.map((file) =>
    fileURLToPath(new URL(`../fixtures/${file}.mjs`, import.meta.url)),
  );
  const env = { TEST_DATABASE_URL: connectionString };
  return startNode([...AS_TAP, '--test-concurrency=1', ...paths], { env }).ended;
}
