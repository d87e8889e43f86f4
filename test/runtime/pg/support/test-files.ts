/** Runs test files of the fixtures in a process of their own, as users run theirs. */
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { scratchDatabase } from '../../../support/database.ts';

/** A run that has not ended by then is killed, and is a failure. */
const DEADLINE_MILLIS = 60_000;

export interface Run {
  /** Its exit code; undefined when it had to be killed. */
  readonly exitCode: number | null | undefined;
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
    const named = (pattern: RegExp) =>
      [...output.matchAll(pattern)].map(([, name = '']) => basename(name));
    return {
      exitCode,
      output,
      passed: named(/^ *ok \d+ - (.*)$/gm),
      failed: named(/^ *not ok \d+ - (.*)$/gm),
      rowsLeft: rows[0]?.n ?? -1,
    };
  } finally {
    await witness.end();
  }
}

function runNode(
  connectionString: string,
  files: readonly string[],
): Promise<Pick<Run, 'exitCode' | 'output'>> {
  const paths = files.map((file) =>
    fileURLToPath(new URL(`../fixtures/${file}.mjs`, import.meta.url)),
  );
  // Inherited, it would make the runner believe that it runs inside a test file.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=tap', '--test-concurrency=1', ...paths],
    {
      env: { ...env, TEST_DATABASE_URL: connectionString },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE_MILLIS,
      killSignal: 'SIGKILL',
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exitCode, signal) => {
      resolve({ exitCode: signal ? undefined : exitCode, output });
    });
  });
}
