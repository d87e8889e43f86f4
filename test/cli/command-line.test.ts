import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHECKOUT, folder, RISKY, repository, SAFE, savepoint } from './savepoint.ts';

test('every way to end has its exit code, and wrong use is said in one line', async (t) => {
  const clean = folder(t, { 'a.test.mjs': SAFE });
  const risky = folder(t, { 'a.test.mjs': RISKY });
  const broken = folder(t, { 'a.test.mjs': RISKY, 'b.test.mjs': 'const = 1;\n' });
  const empty = folder(t, { 'src/index.js': '', 'notes.md': '' });
  const unread = folder(t, { 'package.json': '{', 'a.test.mjs': SAFE });
  const repo = repository(t);

  const table: [what: string, args: string[], cwd: string, exitCode: number, complaint?: RegExp][] =
    [
      ['the help', ['--help'], empty, 0],
      ['the help of a command', ['check', '--help'], empty, 0],
      ['the version', ['--version'], empty, 0],
      ['nothing found', ['check'], clean, 0],
      ['nothing staged', ['check', '--staged'], repo, 0],
      ['hazards found', ['check'], risky, 1],
      ['a file that does not parse, and a hazard in another', ['check'], broken, 2],
      ['no command', [], empty, 2, /^Usage: savepoint /],
      ['an unknown command', ['chekc'], empty, 2, /^savepoint: unknown command 'chekc'.*\n$/],
      [
        'an unknown option',
        ['check', '--colour'],
        empty,
        2,
        /^savepoint: unknown option '--colour'.*\n$/,
      ],
      [
        'a misspelt option',
        ['check', '--stagd'],
        empty,
        2,
        /^savepoint: .*Did you mean --staged\?.*\n$/,
      ],
      [
        'an unknown preset',
        ['check', '--preset', 'loose'],
        clean,
        2,
        /^savepoint: .*'loose' is invalid.*recommended, strict.*\n$/,
      ],
      [
        'an unknown format',
        ['check', '--format', 'xml'],
        clean,
        2,
        /^savepoint: .*'xml' is invalid.*text, json.*\n$/,
      ],
      [
        'a file that does not exist',
        ['check', 'gone.test.js'],
        clean,
        2,
        /^savepoint: no such file or folder: gone\.test\.js\n$/,
      ],
      [
        'a file of another language',
        ['check', 'notes.md'],
        empty,
        2,
        /^savepoint: neither JavaScript nor TypeScript: notes\.md\n$/,
      ],
      ['no test files', ['check'], empty, 2, /^savepoint: no test files in .*\n$/],
      [
        'a package.json that is not JSON',
        ['check'],
        unread,
        2,
        /^savepoint: .*package\.json is not JSON: .*\n$/,
      ],
      [
        'files beside --staged',
        ['check', '--staged', 'a.test.mjs'],
        repo,
        2,
        /^savepoint: --staged .* takes no files\n$/,
      ],
      [
        '--staged outside git',
        ['check', '--staged'],
        clean,
        2,
        /^savepoint: .*not a git repository.*\n$/,
      ],
      ['an id', ['explain', 'require-client-release'], empty, 0],
      [
        'an error nobody knows',
        ['explain', 'the moon is full'],
        empty,
        1,
        /^savepoint: no hazard is known by this: the moon is full\n/,
      ],
    ];
  for (const [what, args, cwd, exitCode, complaint] of table) {
    await t.test(what, () => {
      const outcome = savepoint(args, cwd);
      assert.deepEqual(
        { exitCode: outcome.exitCode, complains: outcome.stderr !== '' },
        { exitCode, complains: complaint !== undefined },
      );
      if (complaint) assert.match(outcome.stderr, complaint);
    });
  }
});

test('git that is not installed is said so', (t) => {
  const { exitCode, stderr } = savepoint(['check', '--staged'], folder(t), { env: { PATH: '' } });
  assert.equal(exitCode, 2);
  assert.match(stderr, /^savepoint: git rev-parse failed: .*ENOENT.*\n$/);
});

test('the stack is shown only when it is asked for', (t) => {
  const cwd = folder(t);
  assert.doesNotMatch(savepoint(['check', 'gone.js'], cwd).stderr, /\n\s+at /);
  assert.match(
    savepoint(['check', 'gone.js'], cwd, { env: { SAVEPOINT_DEBUG: '1' } }).stderr,
    /\n\s+at /,
  );
});

test('the version is that of the package', (t) => {
  const manifest = readFileSync(join(CHECKOUT, 'packages/cli/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  assert.equal(savepoint(['--version'], folder(t)).stdout, `${version}\n`);
});

test('help and README give the same meaning to the exit codes', (t) => {
  const help = savepoint(['--help'], folder(t)).stdout;
  const readme = readFileSync(join(CHECKOUT, 'packages/cli/README.md'), 'utf8');
  const inHelp = [...help.matchAll(/^ {2}([0-2]) {2}(.+)$/gm)];
  const inReadme = [...readme.matchAll(/^\| ([0-2]) +\| (.+?) +\|$/gm)];
  assert.equal(inHelp.length, 3);
  assert.deepEqual(
    inReadme.map(([, code, meaning]) => [code, meaning]),
    inHelp.map(([, code, meaning]) => [code, meaning]),
  );
});
