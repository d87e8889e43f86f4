/** Runs a test file as a user does, and tells what each of its tests came to. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What one test of a file came to. */
export interface Outcome {
  readonly ok: boolean;
  /** What node:test reports of it. */
  readonly report: string;
}

/** @returns the outcome of every test by its name */
export function runFile(file: URL, env: NodeJS.ProcessEnv = {}): Map<string, Outcome> {
  // Within a test run node:test would take the file for a part of it.
  const inherited = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--test-reporter=tap', fileURLToPath(file)],
    { encoding: 'utf8', env: { ...inherited, ...env } },
  );
  const outcomes = new Map<string, Outcome>();
  const lines = stdout.split('\n');
  for (const [index, line] of lines.entries()) {
    const [, not, title] = /^\s*(not )?ok \d+ - (.*?)(?: # SKIP.*)?$/.exec(line) ?? [];
    if (title === undefined) continue;
    const after = lines.slice(index + 1);
    const end = after.findIndex((next) => next.trim() === '...');
    outcomes.set(title, { ok: not === undefined, report: after.slice(0, end).join('\n') });
  }
  assert.notEqual(outcomes.size, 0, stdout + stderr);
  return outcomes;
}
