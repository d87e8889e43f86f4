/** The sandbox on another version of Node than the one that runs the tests. A file for each: they take long. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fromRegistry } from '../support/from-registry.ts';
import { nodeBinary, noOtherVersions, type NodeVersion } from './node-versions.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What depends on the runner, on asynchronous contexts or on the driver's edge. */
const FILES = [
  'capture/captured',
  'capture/places',
  'pg/captured-client',
  'pg/client-hazards',
  'pg/contract/client',
  'pg/rollback-each',
  'pg/sandbox',
  'sqlite/bad-input',
  'sqlite/node-rollback-each',
  'sqlite/prepares-nothing',
  'sqlite/rollback',
  'sqlite/rollback-each',
  'sqlite/rows',
  'sqlite/shared-file',
]
  .map((name) => `test/runtime/${name}.test.ts`)
  .concat('test/oracle-sqlite/programs.test.ts', 'test/libraries-sqlite/libraries.test.ts');

/** By this the processes that tests start have it, too. */
const NEWEST_SQLITE = pathToFileURL(join(import.meta.dirname, 'newest-better-sqlite3.mjs')).href;

/** Runs there what depends on the version. */
export function testOnNode(version: NodeVersion): void {
  test(`the sandbox on Node ${String(version)}`, { skip: noOtherVersions() }, async () => {
    const { code, said } = await runTests(await nodeBinary(version), FILES);
    assert.equal(code, 0, said);
  });
}

async function runTests(
  node: string,
  files: readonly string[],
): Promise<{ code: number | null; said: string }> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    NODE_OPTIONS: `${inherited.NODE_OPTIONS ?? ''} --import=${NEWEST_SQLITE}`,
    SAVEPOINT_TEST_BETTER_SQLITE3: await fromRegistry('better-sqlite3-13', 'better-sqlite3@13'),
  };
  const options = ['--import=tsx', '--test', '--test-reporter=spec', '--test-concurrency=2'];
  const run = spawn(node, [...options, ...files], { cwd: ROOT, env });
  let said = '';
  run.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  run.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(run, 'exit')) as [number | null];
  // The failures come last.
  return { code, said: said.slice(-8_000) };
}
