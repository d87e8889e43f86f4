/** Runs the built command the way a shell does, in folders and repositories that end with the test. */
import { hazard } from '@savepoint/catalogue';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
export const BIN = join(CHECKOUT, 'packages/cli/dist/main.js');

const [example] = hazard('require-client-release').examples;
/** A test file with one hazard, `require-client-release` on line 9, and the same file mended. */
export const RISKY = example.bad;
export const SAFE = example.good;
export const HAZARD = 'require-client-release';

/** What a program said. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds a run. */
export interface Surroundings {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A machine whose own git settings, and the hook that may run these tests, make no difference. */
const ENVIRONMENT = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(GIT_|NO_COLOR|FORCE_COLOR)/.test(name)),
  ),
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
};

export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  { input = '', env = {} }: Surroundings = {},
): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    input,
    encoding: 'utf8',
    env: { ...ENVIRONMENT, ...env },
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (error) throw error;
  return { exitCode: status, stdout, stderr };
}

export function savepoint(
  args: readonly string[],
  cwd: string,
  surroundings?: Surroundings,
): Outcome {
  return run(process.execPath, [BIN, ...args], cwd, surroundings);
}

/** A folder with files in it, by their paths; gone when the test ends. Its own path has a space in it. */
export function folder(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
  name = 'savepoint cli-',
): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), name)));
  t.after(() => {
    rmSync(path, { recursive: true, force: true });
  });
  write(path, files);
  return path;
}

export function write(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** An empty git repository; gone when the test ends. */
export function repository(t: TestContext, files?: Readonly<Record<string, string>>): string {
  const path = folder(t, files);
  git(path, 'init', '--quiet', '--initial-branch=main');
  return path;
}

/** What git prints. @throws AssertionError with git's complaint when it fails */
export function git(directory: string, ...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = run('git', args, directory);
  assert.equal(exitCode, 0, `git ${args.join(' ')}: ${stderr}`);
  return stdout;
}
