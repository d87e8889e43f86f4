import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  folder,
  git,
  repository,
  RISKY,
  run,
  SAFE,
  savepoint,
  write,
  type Surroundings,
} from './savepoint.ts';

/** The staged files with a hazard, as shown from `cwd`. */
function riskyStaged(cwd: string, surroundings?: Surroundings): string[] {
  const { stdout, stderr } = savepoint(
    ['check', '--staged', '--format', 'json'],
    cwd,
    surroundings,
  );
  assert.equal(stderr, '');
  const { hazards, unparsable } = JSON.parse(stdout) as {
    hazards: { file: string }[];
    unparsable: unknown[];
  };
  assert.deepEqual(unparsable, []);
  return hazards.map(({ file }) => file);
}

function stage(cwd: string, files: Readonly<Record<string, string>>): void {
  write(cwd, files);
  git(cwd, 'add', '--', ...Object.keys(files));
}

function commit(cwd: string, files: Readonly<Record<string, string>>): void {
  stage(cwd, files);
  git(cwd, 'commit', '--quiet', '--no-verify', '-m', 'as it was');
}

suite('what is staged is checked, not what lies on disk:', () => {
  test('risky content staged, mended on disk', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': RISKY });
    write(cwd, { 'a.test.mjs': SAFE });
    assert.deepEqual(riskyStaged(cwd), ['a.test.mjs']);
  });

  test('mended content staged, risky on disk', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': SAFE });
    write(cwd, { 'a.test.mjs': RISKY });
    assert.deepEqual(riskyStaged(cwd), []);
  });

  test('risky content staged, gone from disk', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': RISKY });
    rmSync(join(cwd, 'a.test.mjs'));
    assert.deepEqual(riskyStaged(cwd), ['a.test.mjs']);
  });

  test('risky files that are not staged, not tracked, or only meant to be added', (t) => {
    const cwd = repository(t);
    commit(cwd, { 'old.test.mjs': RISKY, 'changed.test.mjs': SAFE });
    write(cwd, { 'changed.test.mjs': RISKY, 'new.test.mjs': RISKY, 'meant.test.mjs': RISKY });
    git(cwd, 'add', '--intent-to-add', 'meant.test.mjs');
    assert.deepEqual(riskyStaged(cwd), []);
  });

  test('a hunk of a file', (t) => {
    const cwd = repository(t);
    commit(cwd, { 'a.test.mjs': SAFE, 'b.test.mjs': SAFE });
    stage(cwd, { 'a.test.mjs': `${SAFE}\n// a comment\n`, 'b.test.mjs': RISKY });
    write(cwd, { 'a.test.mjs': RISKY, 'b.test.mjs': 'not even JavaScript' });
    assert.deepEqual(riskyStaged(cwd), ['b.test.mjs']);
  });
});

suite('every way to be staged:', () => {
  test('the first commit of a repository', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': RISKY });
    assert.deepEqual(riskyStaged(cwd), ['a.test.mjs']);
  });

  test('changed, renamed and changed, made executable; deleted is none', (t) => {
    const cwd = repository(t);
    commit(cwd, {
      'changed.test.mjs': SAFE,
      'deleted.test.mjs': RISKY,
      'moved.test.mjs': RISKY,
      'source.mjs': RISKY,
      'mode.test.mjs': RISKY,
    });
    git(cwd, 'rm', '--quiet', 'deleted.test.mjs');
    git(cwd, 'mv', 'moved.test.mjs', 'moved-here.test.mjs');
    git(cwd, 'mv', 'source.mjs', 'now-a.test.mjs');
    git(cwd, 'update-index', '--chmod=+x', 'mode.test.mjs');
    stage(cwd, { 'changed.test.mjs': RISKY });
    assert.deepEqual(riskyStaged(cwd), [
      'changed.test.mjs',
      'mode.test.mjs',
      'moved-here.test.mjs',
      'now-a.test.mjs',
    ]);
  });

  test('names with spaces, quotes, line breaks and letters of any script', (t) => {
    const cwd = repository(t);
    const names = [
      'a b.test.mjs',
      'ünï.test.mjs',
      '試験.test.mjs',
      'quo"te.test.mjs',
      'two\nlines.test.mjs',
      '-x.test.mjs',
      ':(top).test.mjs',
    ];
    write(cwd, Object.fromEntries(names.map((name) => [name, RISKY])));
    git(cwd, 'add', '--all');
    assert.deepEqual(riskyStaged(cwd).sort(), names.sort());
  });

  test('many files at once, each with its own text', (t) => {
    const cwd = repository(t);
    const names = Array.from({ length: 60 }, (_, n) => `${String(n)}.test.mjs`);
    stage(
      cwd,
      Object.fromEntries(
        names.map((name, n) => [name, n % 2 ? `// ${'ü'.repeat(n)}\n${RISKY}` : SAFE]),
      ),
    );
    assert.deepEqual(riskyStaged(cwd).sort(), names.filter((_, n) => n % 2).sort());
  });

  test('links and submodules are none', (t) => {
    const cwd = repository(t);
    const inner = repository(t);
    commit(inner, { 'a.test.mjs': RISKY });
    run('ln', ['-s', '/nowhere', 'link.test.mjs'], cwd);
    git(
      cwd,
      '-c',
      'protocol.file.allow=always',
      'submodule',
      '--quiet',
      'add',
      inner,
      'test/inner.js',
    );
    git(cwd, 'add', 'link.test.mjs');
    assert.deepEqual(riskyStaged(cwd), []);
  });

  test('files that are no tests are none', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'src/pool.js': RISKY, 'notes.test.md': RISKY });
    assert.deepEqual(riskyStaged(cwd), []);
    assert.equal(savepoint(['check', '--staged'], cwd).stdout, 'No test files to check.\n');
  });
});

suite('wherever git is asked from:', () => {
  test('a subfolder, with paths as seen from there', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'test/a.mjs': RISKY, 'packages/b/b.test.mjs': RISKY, 'packages/c/index.mjs': '' });
    assert.deepEqual(riskyStaged(join(cwd, 'packages/b')), ['b.test.mjs', '../../test/a.mjs']);
  });

  test('a linked work tree', (t) => {
    const cwd = repository(t);
    commit(cwd, { 'a.test.mjs': SAFE });
    const linked = join(folder(t), 'linked');
    git(cwd, 'worktree', 'add', '--quiet', linked);
    stage(linked, { 'sub/a.test.mjs': RISKY });
    assert.deepEqual(riskyStaged(linked), ['sub/a.test.mjs']);
    assert.deepEqual(riskyStaged(join(linked, 'sub')), ['a.test.mjs']);
    assert.deepEqual(riskyStaged(cwd), []);
  });

  test('a repository whose git directory lies elsewhere', (t) => {
    const cwd = folder(t);
    git(cwd, 'init', '--quiet', '--separate-git-dir', join(folder(t), 'elsewhere'));
    stage(cwd, { 'a.test.mjs': RISKY });
    assert.deepEqual(riskyStaged(cwd), ['a.test.mjs']);
  });

  test('GIT_DIR and GIT_WORK_TREE', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': RISKY });
    const env = { GIT_DIR: join(cwd, '.git'), GIT_WORK_TREE: cwd };
    assert.equal(riskyStaged(folder(t), { env }).length, 1);
  });

  test('an index of its own, as git prepares it for `commit <path>`', (t) => {
    const cwd = repository(t);
    stage(cwd, { 'a.test.mjs': SAFE });
    const env = { GIT_INDEX_FILE: join(cwd, '.git/next-index') };
    run('git', ['read-tree', '--empty'], cwd, { env });
    write(cwd, { 'b.test.mjs': RISKY });
    run('git', ['add', 'b.test.mjs'], cwd, { env });
    assert.deepEqual(riskyStaged(cwd, { env }), ['b.test.mjs']);
    assert.deepEqual(riskyStaged(cwd), []);
  });

  for (const [key, value] of [
    ['diff.renames', 'copies'],
    ['diff.relative', 'true'],
    ['diff.noprefix', 'true'],
    ['color.ui', 'always'],
    ['core.quotePath', 'true'],
    ['diff.external', 'false'],
  ] as const) {
    test(`${key} = ${value} makes no difference`, (t) => {
      const cwd = repository(t);
      commit(cwd, { 'ä.test.mjs': RISKY, 'test/b.mjs': SAFE });
      git(cwd, 'config', key, value);
      git(cwd, 'mv', 'ä.test.mjs', 'ö.test.mjs');
      assert.deepEqual(riskyStaged(join(cwd, 'test')), ['../ö.test.mjs']);
    });
  }
});
