/** Runs `run.ts` for one library in a process of its own, on a database of its own. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { tempDir } from 'savepoint/process';
import { databaseImage } from '../runtime/pg/support/database-image.ts';
import { scratchDatabase } from '../support/database.ts';
import type { Told, Way } from './library.ts';
import { SCHEMA } from './programme.ts';

/** A run that has not ended by then is killed, and is a failure. */
const DEADLINE_MILLIS = 60_000;

export interface Run {
  /** By its title, what each row saw, and the hazards that were published meanwhile. */
  readonly rows: ReadonlyMap<string, Observation>;
  /** Titles of tests that failed. */
  readonly failed: readonly string[];
  /** All that the database holds, before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Undefined when it had to be killed. */
  readonly exitCode: number | undefined;
  /** What the runner and the library said, as TAP. */
  readonly output: string;
}

export interface Observation {
  readonly seen?: unknown;
  readonly hazards: readonly Told[];
}

/** @param way absent for the library on the database for real */
export async function runLibrary(t: TestContext, library: string, way?: Way): Promise<Run> {
  const connectionString = await scratchDatabase(t);
  const observations = join(tempDir(t), 'observations');
  const witness = new pg.Pool({ connectionString, max: 1 });
  // The database may be dropped before its connection is quite closed.
  witness.on('error', () => undefined);
  try {
    await witness.query(SCHEMA);
    const before = await databaseImage(witness);
    const child = await runChild(way, {
      LIBRARY: library,
      WAY: way,
      TEST_DATABASE_URL: connectionString,
      OBSERVATIONS: observations,
    });
    const after = await databaseImage(witness);
    const failed = [...child.output.matchAll(/^ *not ok \d+ - (.*)$/gm)];
    return {
      ...child,
      before,
      after,
      failed: failed.map(([, title = '']) => title),
      rows: await read(observations),
    };
  } finally {
    await witness.end();
  }
}

async function read(observations: string): Promise<Run['rows']> {
  const text = await readFile(observations, 'utf8').catch(() => '');
  const rows = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Observation & { readonly title: string });
  return new Map(rows.map(({ title, ...observation }) => [title, observation]));
}

function runChild(
  way: Way | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Pick<Run, 'exitCode' | 'output'>> {
  // Inherited, it would make the child believe that it is a file of this run.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const imports = ['tsx', ...(way === 'preload' ? ['savepoint/rollback'] : [])];
  const file = fileURLToPath(new URL('run.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [...imports.map((name) => `--import=${name}`), '--test-reporter=tap', file],
    {
      env: { ...inherited, ...environment },
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
    child.on('close', (code) => {
      resolve({ exitCode: code ?? undefined, output });
    });
  });
}
