import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { TEST_FILE } from '../../packages/cli/src/check/test-file.ts';
import {
  CHECKOUT,
  folder,
  git,
  HAZARD,
  repository,
  RISKY,
  run,
  SAFE,
  write,
  type Outcome,
} from './savepoint.ts';

const isMissing = spawnSync('pre-commit', ['--version']).error !== undefined;
const HOW_TO_INSTALL =
  'pre-commit is not installed: apt-get install pre-commit, or pipx install pre-commit';

/** This checkout as it lies on disk, committed: what users name as `repo` and `rev`. */
function published(t: TestContext): { repo: string; rev: string } {
  const repo = repository(t);
  const files = git(
    CHECKOUT,
    'ls-files',
    '-z',
    '--cached',
    '--others',
    '--exclude-standard',
    '--deduplicate',
  ).split('\0');
  for (const file of files.filter((name) => name !== '' && existsSync(join(CHECKOUT, name)))) {
    mkdirSync(dirname(join(repo, file)), { recursive: true });
    cpSync(join(CHECKOUT, file), join(repo, file));
  }
  git(repo, 'add', '--all');
  git(repo, 'commit', '--quiet', '-m', 'published');
  return { repo, rev: git(repo, 'rev-parse', 'HEAD').trim() };
}

/**
 * Lets the install in the hook's environment find the binary that this checkout has built, where it
 * would download one or compile for minutes.
 */
function builtBinary(t: TestContext): Record<string, string> {
  const root = join(CHECKOUT, 'node_modules/better-sqlite3');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const { modules } = process.versions;
  const prebuilds = folder(t);
  const name = `better-sqlite3-v${version}-node-v${modules}-${process.platform}-${process.arch}.tar.gz`;
  run('tar', ['-czf', join(prebuilds, name), 'build/Release/better_sqlite3.node'], root);
  return { npm_config_better_sqlite3_local_prebuilds: prebuilds };
}

test('a risky file is stopped by the pre-commit framework, mended, and passes', async (t) => {
  if (isMissing && !process.env.CI) {
    t.skip(HOW_TO_INSTALL);
    return;
  }
  assert.ok(!isMissing, HOW_TO_INSTALL);

  const { repo, rev } = published(t);
  // nodeenv, which makes the hook's environment, takes no path with a space in it.
  const home = folder(t, {}, 'savepoint-pre-commit-');
  const env = { PRE_COMMIT_HOME: home, npm_config_prefer_offline: 'true', ...builtBinary(t) };
  const cwd = repository(t, {
    '.pre-commit-config.yaml': `repos:\n  - repo: '${repo}'\n    rev: ${rev}\n    hooks:\n      - id: savepoint\n`,
    'test/a b.test.mts': RISKY,
    'src/pool.mjs': RISKY,
  });
  const preCommit = (...args: string[]): Outcome => run('pre-commit', args, cwd, { env });
  const commit = (): Outcome => run('git', ['commit', '-m', 'a test'], cwd, { env });
  const stopped = new RegExp(`^test/a b\\.test\\.mts:9:\\d+ .*savepoint/${HAZARD}$`, 'm');

  const installed = preCommit('install', '--install-hooks');
  assert.equal(installed.exitCode, 0, installed.stdout + installed.stderr);
  git(cwd, 'add', '.');

  await t.test('risky: stopped', () => {
    const { exitCode, stdout, stderr } = commit();
    assert.equal(exitCode, 1);
    assert.match(stdout + stderr, stopped);
    assert.doesNotMatch(stdout + stderr, /pool\.mjs/);
    assert.equal(git(cwd, 'rev-list', '--all'), '');
  });

  await t.test('mended on disk, risky as staged: stopped', () => {
    write(cwd, { 'test/a b.test.mts': SAFE });
    const { exitCode, stdout, stderr } = commit();
    assert.equal(exitCode, 1);
    assert.match(stdout + stderr, stopped);
  });

  await t.test('mended as staged, risky on disk: passes', () => {
    git(cwd, 'add', '.');
    write(cwd, { 'test/a b.test.mts': RISKY });
    const { exitCode, stdout, stderr } = commit();
    assert.equal(exitCode, 0, stdout + stderr);
    assert.equal(readFileSync(join(cwd, 'test/a b.test.mts'), 'utf8'), RISKY);
  });

  await t.test('--all-files checks what was committed long ago', () => {
    git(cwd, 'commit', '--quiet', '--all', '--no-verify', '-m', 'risky');
    const { exitCode, stdout } = preCommit('run', '--all-files');
    assert.equal(exitCode, 1);
    assert.match(stdout, stopped);
  });
});

test('the hook is given the files that the command takes for tests', () => {
  const manifest = readFileSync(join(CHECKOUT, '.pre-commit-hooks.yaml'), 'utf8');
  assert.equal(/^ {2}files: '(.+)'$/m.exec(manifest)?.[1], TEST_FILE.source);
});
