import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { BIN, folder, git, HAZARD, repository, RISKY, run, SAFE, write } from './savepoint.ts';

/** A repository whose commits pass through `savepoint check --staged`, called by a plain git hook. */
function guarded(t: TestContext, call = `"${process.execPath}" "${BIN}" check --staged`): string {
  const cwd = repository(t);
  const hook = join(cwd, '.git/hooks/pre-commit');
  write(cwd, { '.git/hooks/pre-commit': `#!/bin/sh\n${call}\n` });
  chmodSync(hook, 0o755);
  return cwd;
}

/** Tries to commit. @returns `committed`, or what stopped it */
function commit(cwd: string, ...args: string[]): string {
  const { exitCode, stdout, stderr } = run('git', ['commit', '-m', 'a test', ...args], cwd);
  return exitCode === 0 ? 'committed' : stdout + stderr;
}

const STOPPED = new RegExp(`a\\.test\\.mjs:9:\\d+ .*savepoint/${HAZARD}`);

test('a risky file is stopped, mended, and passes', (t) => {
  const cwd = guarded(t);
  write(cwd, { 'test/a.test.mjs': RISKY });
  git(cwd, 'add', '.');
  assert.match(commit(cwd), STOPPED);
  assert.equal(git(cwd, 'rev-list', '--all'), '', 'nothing was committed');

  write(cwd, { 'test/a.test.mjs': SAFE });
  assert.match(commit(cwd), STOPPED, 'mended on disk only');
  git(cwd, 'add', '.');
  assert.equal(commit(cwd), 'committed');
});

suite('the index that git hands to the hook is the one that is checked:', () => {
  test('mended and staged, risky on disk', (t) => {
    const cwd = guarded(t);
    write(cwd, { 'a.test.mjs': SAFE });
    git(cwd, 'add', '.');
    write(cwd, { 'a.test.mjs': RISKY });
    assert.equal(commit(cwd), 'committed');
    assert.match(commit(cwd, '--all'), STOPPED, 'commit --all');
    assert.match(commit(cwd, 'a.test.mjs'), STOPPED, 'commit <path>');
    assert.match(commit(cwd, '--all', '--amend'), STOPPED, 'commit --amend');
  });

  test('commit <path> leaves out what else is staged', (t) => {
    const cwd = guarded(t);
    write(cwd, { 'a.test.mjs': RISKY, 'b.test.mjs': SAFE });
    git(cwd, 'add', '.');
    assert.equal(commit(cwd, 'b.test.mjs'), 'committed');
    assert.match(commit(cwd), STOPPED);
  });

  test('in a linked work tree', (t) => {
    const cwd = guarded(t);
    write(cwd, { 'a.test.mjs': SAFE });
    git(cwd, 'add', '.');
    assert.equal(commit(cwd), 'committed');
    const linked = join(folder(t), 'linked');
    git(cwd, 'worktree', 'add', '--quiet', linked);
    write(linked, { 'a.test.mjs': RISKY });
    assert.match(commit(linked, '--all'), STOPPED);
    git(linked, 'add', '.');
    write(linked, { 'a.test.mjs': SAFE });
    assert.match(commit(linked), STOPPED);
    assert.equal(commit(linked, '--all', '--allow-empty'), 'committed');
  });

  test('from a subfolder, by git and by the hook', (t) => {
    const cwd = guarded(t, `cd sub && "${process.execPath}" "${BIN}" check --staged`);
    write(cwd, { 'a.test.mjs': RISKY, 'sub/index.mjs': '' });
    git(cwd, 'add', '.');
    assert.match(commit(join(cwd, 'sub')), STOPPED);
    assert.match(commit(cwd, '--all'), STOPPED);
    write(cwd, { 'a.test.mjs': SAFE });
    assert.equal(commit(join(cwd, 'sub'), '--all'), 'committed');
  });

  test('from a subfolder of a linked work tree, with paths as seen from there', (t) => {
    const cwd = guarded(t, `cd sub && "${process.execPath}" "${BIN}" check --staged`);
    git(cwd, 'commit', '--quiet', '--no-verify', '--allow-empty', '-m', 'first');
    const linked = join(folder(t), 'linked');
    git(cwd, 'worktree', 'add', '--quiet', linked);
    write(linked, { 'test/a.test.mjs': RISKY, 'sub/index.mjs': '' });
    git(linked, 'add', '.');
    assert.match(commit(linked), /^\.\.\/test\/a\.test\.mjs:9:/m);
  });
});
