/**
 * Runs all tests, or those below the given folders and files: `npm test -- test/cli`.
 * `node --test` of Node 20 knows no glob patterns, and its two-core default is one file at a time.
 */
import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const TEST_FILE = /\.test\.ts$/;
const ROOTS = ['test', 'docs/example/safe'];

function testFiles(root: string): string[] {
  if (statSync(root).isFile()) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => name !== 'fixtures' && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(root, entry.name);
      if (entry.isDirectory()) return testFiles(path);
      return TEST_FILE.test(entry.name) ? [path] : [];
    });
}

const chosen = process.argv.slice(2);
const files = (chosen.length ? chosen : ROOTS).flatMap(testFiles).sort();
if (files.length === 0) throw new Error(`no test files below ${chosen.join(', ')}`);

// Most tests wait for a database or a child process, so there are more at once than cores.
const options = [
  '--import=tsx',
  '--test',
  `--test-concurrency=${2 * availableParallelism()}`,
  '--test-timeout=300000',
  '--test-reporter=spec',
];
spawn(process.execPath, [...options, ...files], { stdio: 'inherit' }).on('exit', (code) => {
  process.exitCode = code ?? 1;
});
