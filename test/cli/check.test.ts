import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import {
  BIN,
  CHECKOUT,
  folder,
  git,
  HAZARD,
  RISKY,
  repository,
  SAFE,
  savepoint,
  write,
} from './savepoint.ts';

/** The risky file as CommonJS. */
const COMMONJS = RISKY.replace(/^import (\{.*\}|\w+) from ('.*');$/gm, 'const $1 = require($2);');

interface Report {
  readonly files: number;
  readonly hazards: readonly {
    id: string;
    file: string;
    line: number;
    column: number;
    message: string;
  }[];
  readonly unparsable: readonly { file: string; line: number; column: number; message: string }[];
}

function check(cwd: string, ...args: string[]): Report {
  const { stdout, stderr } = savepoint(['check', '--format', 'json', ...args], cwd);
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Report;
}

function riskyFiles(cwd: string, ...args: string[]): string[] {
  return check(cwd, ...args).hazards.map(({ file }) => file);
}

suite('without files', () => {
  test('the test files are those of node --test, with spec and TypeScript, that git does not ignore', (t) => {
    const tests = [
      'a.spec.ts',
      'a.test.cjs',
      'a.test.js',
      'a.test.mjs',
      'a.test.mts',
      'a.test.tsx',
      'a_test.js',
      'b-test.js',
      'deep/er/c.test.js',
      'test-d.js',
      'test.js',
      'test/helper.ts',
      'test/sub/e.js',
      'tests/f.js',
      '__tests__/g.js',
      'with space/ünïcode.test.js',
      '[x].test.js',
    ];
    const others = [
      'index.js',
      'contest.js',
      'attest/a.js',
      'a.test.json',
      'types.test.d.ts',
      'ignored.test.js',
      'build/a.test.js',
      'node_modules/x/a.test.js',
      'deep/node_modules/x/test/a.js',
      'deep/ignored-here.test.js',
    ];
    const cwd = repository(t, {
      ...Object.fromEntries([...tests, ...others].map((file) => [file, RISKY])),
      'a.test.cjs': COMMONJS,
      '.gitignore': 'ignored.test.js\nbuild/\n',
      'deep/.gitignore': 'ignored-here.*\n',
    });
    assert.deepEqual(riskyFiles(cwd).sort(), tests.sort());
  });

  test('a folder that is in no repository is checked too', (t) => {
    assert.deepEqual(
      riskyFiles(folder(t, { 'a.test.js': RISKY, 'node_modules/b.test.js': RISKY })),
      ['a.test.js'],
    );
  });

  test('what is tracked is checked although .gitignore names it', (t) => {
    const cwd = repository(t, { 'a.test.js': RISKY });
    git(cwd, 'add', 'a.test.js');
    write(cwd, { '.gitignore': 'a.test.js\n' });
    assert.deepEqual(riskyFiles(cwd), ['a.test.js']);
  });

  test('the tests of this project have no hazard', () => {
    const tests = git(CHECKOUT, 'ls-files', 'test/**.test.ts', 'docs/example/safe')
      .trim()
      .split('\n');
    const { stdout, exitCode } = savepoint(['check', ...tests], CHECKOUT);
    assert.equal(exitCode, 0, stdout);
  });
});

test('named files are checked whatever their name and place, folders by their test files, each once', (t) => {
  const cwd = folder(t, {
    'src/helper.js': RISKY,
    'node_modules/x/index.js': RISKY,
    'suite/a.test.js': RISKY,
    'suite/not-one.js': RISKY,
    'sub/here.js': '',
  });
  const named = [
    '../src/helper.js',
    '../node_modules/x/index.js',
    '../suite',
    '../suite/a.test.js',
  ];
  assert.deepEqual(riskyFiles(join(cwd, 'sub'), ...named), [
    join('..', 'src/helper.js'),
    join('..', 'node_modules/x/index.js'),
    join('..', 'suite/a.test.js'),
  ]);
});

suite('languages', () => {
  const typed = (source: string) => source.replace('const pool =', 'const pool: pg.Pool =');
  const JSX = `${RISKY}\nexport const view = () => <p>{1}</p>;\n`;

  const table: [what: string, files: Record<string, string>][] = [
    ['a module by its ending', { 'a.test.mjs': RISKY }],
    ['CommonJS by its ending', { 'a.test.cjs': COMMONJS }],
    ['a module by its syntax', { 'a.test.js': RISKY }],
    ['CommonJS by its syntax', { 'a.test.js': `${COMMONJS}\nreturn;\n` }],
    [
      'a module in a package of modules',
      { 'a.test.js': RISKY, 'package.json': '{ "type": "module" }' },
    ],
    [
      'CommonJS in a package of CommonJS',
      { 'a.test.js': COMMONJS, 'package.json': '{ "type": "commonjs" }' },
    ],
    ['TypeScript', { 'a.test.ts': typed(RISKY) }],
    ['TypeScript that is a module', { 'a.test.mts': typed(RISKY) }],
    ['TypeScript that is CommonJS', { 'a.test.cts': typed(COMMONJS) }],
    ['TypeScript written as modules, CommonJS when it runs', { 'a.test.cts': typed(RISKY) }],
    ['TypeScript with JSX', { 'a.test.tsx': JSX }],
    ['JavaScript with JSX', { 'a.test.jsx': JSX }],
    ['a byte order mark', { 'a.test.js': `\uFEFF${RISKY}` }],
    ['a hashbang', { 'a.test.js': `#!/usr/bin/env node\n${RISKY}` }],
  ];
  for (const [what, files] of table) {
    test(what, (t) => {
      const { hazards, unparsable } = check(folder(t, files));
      assert.deepEqual(
        { ids: hazards.map(({ id }) => id), unparsable },
        { ids: [HAZARD], unparsable: [] },
      );
    });
  }
});

test('a file that cannot be parsed is named with its place, and the others are checked', (t) => {
  const cwd = folder(t, {
    'a.test.mjs': 'const ok = 1;\nconst = 1;\n',
    'b.test.mjs': RISKY,
    'c.test.ts': 'let a: = 1;\n',
  });
  const { files, hazards, unparsable } = check(cwd);
  assert.equal(files, 3);
  assert.deepEqual(
    hazards.map(({ file }) => file),
    ['b.test.mjs'],
  );
  assert.deepEqual(
    unparsable.map(({ file, line }) => ({ file, line })),
    [
      { file: 'a.test.mjs', line: 2 },
      { file: 'c.test.ts', line: 1 },
    ],
  );
  assert.match(
    savepoint(['check'], cwd).stdout,
    /^a\.test\.mjs:2:\d+ {2}.+ {2}cannot be parsed, not checked$/m,
  );
});

suite('comments in the file', () => {
  const LINE = '  const client = await pool.connect();';

  test('that switch our rule off are honoured', (t) => {
    const disabled = RISKY.replace(
      LINE,
      `  // eslint-disable-next-line savepoint/${HAZARD} -- the process ends here\n${LINE}`,
    );
    const off = `/* eslint savepoint/${HAZARD}: off */\n${RISKY}`;
    const all = `/* eslint-disable */\n${RISKY}`;
    assert.notEqual(disabled, RISKY);
    const { files, hazards } = check(
      folder(t, { 'a.test.mjs': disabled, 'b.test.mjs': off, 'c.test.mjs': all }),
    );
    assert.deepEqual({ files, hazards }, { files: 3, hazards: [] });
  });

  test('that speak to other rules add nothing', (t) => {
    const comments = [
      '/* eslint no-var: error, elsewhere/rule: error */',
      '/* eslint no-undef: [ */',
      '// eslint-disable-next-line elsewhere/rule',
      'var x = 1; // eslint-disable-line no-console',
    ].join('\n');
    const { hazards, unparsable } = check(folder(t, { 'a.test.mjs': `${comments}\n${RISKY}` }));
    assert.deepEqual(
      { ids: hazards.map(({ id }) => id), unparsable },
      { ids: [HAZARD], unparsable: [] },
    );
  });
});

test('an ESLint config of the project is not asked', (t) => {
  const cwd = folder(t, {
    'eslint.config.js': 'throw new Error("asked");',
    '.eslintrc': '{',
    'a.test.mjs': SAFE,
  });
  assert.deepEqual(check(cwd).hazards, []);
});

suite('the report', () => {
  test('is one line per hazard that a terminal can open, and says what to ask next', (t) => {
    const cwd = folder(t, { 'test/a b.test.mjs': RISKY, 'test/fine.test.mjs': SAFE });
    const { stdout } = savepoint(['check'], cwd);
    assert.match(
      stdout,
      new RegExp(`^test/a b\\.test\\.mjs:9:\\d+  .*client.*  savepoint/${HAZARD}$`, 'm'),
    );
    assert.match(
      stdout,
      new RegExp(`^1 hazard in 1 of 2 files\\.\\n.*savepoint explain ${HAZARD}$`, 'm'),
    );
  });

  test('has no colours in a pipe, unless they are forced', (t) => {
    const cwd = folder(t, { 'a.test.mjs': RISKY });
    const colour = '\u001b[';
    assert.ok(!savepoint(['check'], cwd).stdout.includes(colour));
    assert.ok(savepoint(['check'], cwd, { env: { FORCE_COLOR: '1' } }).stdout.includes(colour));
    assert.ok(
      !savepoint(['check', '--format', 'json'], cwd, { env: { FORCE_COLOR: '1' } }).stdout.includes(
        colour,
      ),
    );
  });

  test('may be cut short by its reader', async (t) => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, n) => [`${String(n)}.test.mjs`, RISKY]),
    );
    const child = spawn(process.execPath, [BIN, 'check'], {
      cwd: folder(t, files),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    assert.equal(await text(child.stderr), '');
  });
});

suite('settings in package.json', () => {
  const HELPER = RISKY.replace("from 'node:test'", "from '#test'");

  test('are those of the nearest package.json that has them', (t) => {
    const settings = '{ "savepoint": { "testModules": ["#test"] } }';
    const cwd = folder(t, {
      'plain/a.test.mjs': HELPER,
      'told/package.json': settings,
      'told/a.test.mjs': HELPER,
      'told/deep/package.json': '{}',
      'told/deep/b.test.mjs': HELPER,
    });
    assert.deepEqual(riskyFiles(cwd), ['told/a.test.mjs', 'told/deep/b.test.mjs']);
  });

  test('that the linter does not know are refused in one line', (t) => {
    const cwd = folder(t, {
      'package.json': '{ "savepoint": { "testModule": [] } }',
      'a.test.mjs': RISKY,
    });
    const { exitCode, stderr } = savepoint(['check'], cwd);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^savepoint: .*testModule.*\n$/);
    const debug = savepoint(['check'], cwd, { env: { SAVEPOINT_DEBUG: '1' } });
    assert.match(debug.stderr, /\[cause\]: .*testModule/);
  });
});
