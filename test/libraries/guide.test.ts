/** Every file in the guide on libraries is run as it stands, and leaves nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { scratchDatabase } from '../support/database.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const GUIDE = readFileSync(join(ROOT, 'docs/guide/libraries.md'), 'utf8');

interface Snippet {
  readonly name: string;
  readonly preload: boolean;
  readonly code: string;
}

const snippets: readonly Snippet[] = [...GUIDE.matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, code = '']) => {
    const [, name = '', preload] = /^\/\/ (\S+\.test\.ts)(, preload)?\n/.exec(code) ?? [];
    return { name, preload: preload !== undefined, code };
  },
);

for (const preload of [false, true]) {
  test(preload ? 'files of the preload' : 'files with rollbackEach', async (t) => {
    const chosen = snippets.filter((snippet) => snippet.preload === preload);
    assert.ok(chosen.length > 3);
    const connectionString = await scratchDatabase(t);
    await query(connectionString, 'CREATE TABLE users (name text PRIMARY KEY)');
    const output = runAll(t, chosen, connectionString);
    assert.match(output, new RegExp(`^# pass ${chosen.length}$`, 'm'), output);
    assert.match(output, /^# fail 0$/m, output);
    assert.equal((await query(connectionString, 'SELECT * FROM users')).rowCount, 0);
  });
}

function runAll(t: TestContext, chosen: readonly Snippet[], connectionString: string): string {
  // Where a project of its own would find the packages.
  const folder = mkdtempSync(join(ROOT, 'test/.examples-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const { name, code } of chosen) writeFileSync(join(folder, name), code);
  const imports = ['tsx', ...(chosen[0]?.preload ? ['savepoint/rollback'] : [])];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...imports.map((name) => `--import=${name}`),
      '--test',
      '--test-reporter=tap',
      ...chosen.map(({ name }) => join(folder, name)),
    ],
    {
      encoding: 'utf8',
      cwd: ROOT,
      env: { ...env, TEST_DATABASE_URL: connectionString },
      timeout: 300_000,
    },
  );
  return stdout + stderr;
}

async function query(connectionString: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}
