/**
 * Databases for the tests of this repository, on the embedded server that users get. The server is
 * started by the first test that asks and goes with the last; nothing has to be installed.
 */
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import pg from 'pg';
// The built package: a keeper is a process of its own, which is started from a built file.
import { embeddedServer } from '../../runtime/dist/pg/embedded/embedded-server.js';

/** How to reach a database. */
export interface TestServer {
  readonly connectionString: string;
}

const SHARED = 'savepoint_test';

/** A database that all tests share, for those that leave nothing in it. */
export async function testServer(): Promise<TestServer> {
  await (shared ??= administer(`create database ${SHARED}`).catch(unlessItExists));
  return { connectionString: await connectionStringTo(SHARED) };
}

let shared: Promise<void> | undefined;

/** An empty database for one test, dropped with it; answers its connection string. */
export async function scratchDatabase(t: TestContext): Promise<string> {
  const name = `savepoint_scratch_${randomBytes(6).toString('hex')}`;
  await administer(`create database ${name}`);
  afterAllElse(t, () => administer(`drop database if exists ${name} with (force)`));
  return connectionStringTo(name);
}

/**
 * Runs when a test has ended, after its hooks and after what savepoint itself runs in a hook that a
 * hook adds.
 */
export function afterAllElse(t: TestContext, release: () => Promise<void>): void {
  t.after(() => {
    t.after(() => {
      t.after(release);
    });
  });
}

/** The connection string of a database of the test server, there or not. */
export async function connectionStringTo(database: string): Promise<string> {
  const { user, password, host, port } = await embeddedServer();
  return `postgres://${user}:${password}@${host}:${String(port)}/${database}`;
}

/** Runs one statement outside of any test's database. */
export async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: await connectionStringTo('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Files start at the same time; one of them makes the shared database. */
function unlessItExists(error: unknown): void {
  const DUPLICATE = ['42P04', '23505'];
  if (!(error instanceof pg.DatabaseError) || !DUPLICATE.includes(error.code ?? '')) throw error;
}
