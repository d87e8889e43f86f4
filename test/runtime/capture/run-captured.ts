/** Runs fixtures on empty databases of their own, and counts what they leave there. */
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { scratchDatabase } from '../../support/database.ts';
import { AS_TAP, namesIn, startNode, type Ended } from '../../support/node-process.ts';

/** How the pools of a fixture are captured: by itself, or by the preload. */
export type How = 'rollbackEach' | 'preload';

export const PRELOAD = ['--import', 'savepoint/rollback'];
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SCHEMA = 'CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL)';

export interface Run extends Ended {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly rowsLeft: number;
}

/** Runs these fixtures with these options of Node. */
export async function runCaptured(
  t: TestContext,
  files: readonly string[],
  options: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const [here, there] = [await database(t), await database(t)];
  const paths = files.map((file) => fileURLToPath(new URL(`./fixtures/${file}`, import.meta.url)));
  const child = startNode([...options, ...AS_TAP, ...paths], {
    cwd: ROOT,
    env: { ...env, TEST_DATABASE_URL: here, OTHER_DATABASE_URL: there },
  });
  const ended = await child.ended;
  return {
    ...ended,
    passed: namesIn(ended.output, 'ok'),
    failed: namesIn(ended.output, 'not ok'),
    rowsLeft: (await rowsIn(here)) + (await rowsIn(there)),
  };
}

async function database(t: TestContext): Promise<string> {
  const connectionString = await scratchDatabase(t);
  await withClient(connectionString, (client) => client.query(SCHEMA));
  return connectionString;
}

async function rowsIn(connectionString: string): Promise<number> {
  const { rows } = await withClient(connectionString, (client) =>
    client.query<{ n: number }>('SELECT count(*)::int AS n FROM users'),
  );
  return rows[0]?.n ?? -1;
}

async function withClient<T>(
  connectionString: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
