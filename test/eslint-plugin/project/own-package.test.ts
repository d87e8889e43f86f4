/** A package whose tests import it by a path is, in its tests, the package it is to others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

const manifest = (fields: Record<string, unknown>): string => JSON.stringify(fields);
const perTest = ['no-per-test-pool:3'];

/** A test that makes a pool of the package found at this path. */
const uses = (specifier: string, file = 'a.test.js'): string => `${imports(specifier, file)}
test('a', (t) => { const pool = new Pool(); t.after(() => pool.end()); return pool.query('SELECT 1'); });
`;

function imports(specifier: string, file: string): string {
  return file.endsWith('.cjs')
    ? `const { test } = require('node:test');\nconst { Pool } = require('${specifier}');`
    : `import { test } from 'node:test';\nimport { Pool } from '${specifier}';`;
}

describe('the entry of the closest package', () => {
  const cases: readonly {
    readonly name: string;
    readonly files: Record<string, string>;
    readonly file: string;
    readonly specifier: string;
  }[] = [
    {
      name: 'main',
      files: { 'package.json': manifest({ name: 'pg', main: 'lib/pg.js' }), 'lib/pg.js': '' },
      file: 'test/a.test.js',
      specifier: '../lib/pg.js',
    },
    {
      name: 'main without an extension, imported without one',
      files: { 'package.json': manifest({ name: 'pg', main: './lib' }), 'lib/index.js': '' },
      file: 'test/a.test.js',
      specifier: '../lib',
    },
    {
      name: 'the folder of the package',
      files: { 'package.json': manifest({ name: 'pg', main: 'pg.js' }), 'pg.js': '' },
      file: 'test/unit/a.test.js',
      specifier: '../..',
    },
    {
      name: 'the folder with a slash behind it',
      files: { 'package.json': manifest({ name: 'pg', main: 'pg' }), 'pg.js': '' },
      file: 'test/a.test.js',
      specifier: '../',
    },
    {
      name: 'no main',
      files: { 'package.json': manifest({ name: 'pg' }), 'index.js': '' },
      file: 'test/a.test.js',
      specifier: '../index.js',
    },
    {
      name: 'exports as a text',
      files: { 'package.json': manifest({ name: 'pg', exports: './pg.mjs' }), 'pg.mjs': '' },
      file: 'test/a.test.mjs',
      specifier: '../pg.mjs',
    },
    {
      name: 'exports with conditions, for ES modules and CommonJS',
      files: {
        'package.json': manifest({
          name: 'pg',
          exports: {
            '.': { import: { default: './esm/pg.mjs' }, require: './cjs/pg.cjs' },
            './x': './x.js',
          },
        }),
        'esm/pg.mjs': '',
        'cjs/pg.cjs': '',
      },
      file: 'test/a.test.cjs',
      specifier: '../cjs/pg.cjs',
    },
    {
      name: 'the source of what is built, written `.js` for `.ts`',
      files: {
        'package.json': manifest({ name: 'pg', exports: { '.': './dist/index.js' } }),
        'src/index.ts': '',
      },
      file: 'test/a.test.ts',
      specifier: '../src/index.js',
    },
    {
      name: 'a package of a monorepo, past a manifest without a name',
      files: {
        'package.json': manifest({ name: 'root' }),
        'packages/pg/package.json': manifest({ name: 'pg', main: 'pg.js' }),
        'packages/pg/pg.js': '',
        'packages/pg/test/package.json': manifest({ type: 'commonjs' }),
      },
      file: 'packages/pg/test/a.test.js',
      specifier: '../pg.js',
    },
  ];
  for (const { name, files, file, specifier } of cases) {
    test(name, async (t) => {
      const project = await projectFolder(t, files);
      assert.deepStrictEqual(reportsIn(project, file, uses(specifier, file)), perTest);
    });
  }
});

describe('not the package', () => {
  const pg = { 'package.json': manifest({ name: 'pg', main: 'pg.js' }), 'pg.js': '' };
  const cases: readonly {
    readonly name: string;
    readonly files: Record<string, string>;
    readonly specifier: string;
  }[] = [
    { name: 'another file of it', files: { ...pg, 'other.js': '' }, specifier: '../other.js' },
    { name: 'a file that is not there', files: pg, specifier: '../absent.js' },
    { name: 'no file but a folder', files: { ...pg, 'folder/a.txt': '' }, specifier: '../folder' },
    { name: 'no package', files: { 'pg.js': '' }, specifier: '../pg.js' },
    {
      name: 'a manifest that is no JSON',
      files: { 'package.json': '{ "name": "pg", ', 'index.js': '' },
      specifier: '../index.js',
    },
    {
      name: 'a manifest of wrong types',
      files: { 'package.json': '{ "name": "pg", "main": 1, "exports": [null, 3] }', 'b.js': '' },
      specifier: '../b.js',
    },
    {
      name: 'the entry of a package inside it',
      files: {
        ...pg,
        'sub/package.json': manifest({ name: 'sub', main: 'sub.js' }),
        'sub/sub.js': '',
      },
      specifier: '../sub/sub.js',
    },
    {
      name: 'what `exports` gives under another path',
      files: {
        'package.json': manifest({ name: 'pg', exports: { '.': './pg.js', './b': './b.js' } }),
        'pg.js': '',
        'b.js': '',
      },
      specifier: '../b.js',
    },
  ];
  for (const { name, files, specifier } of cases) {
    test(name, async (t) => {
      const project = await projectFolder(t, files);
      assert.deepStrictEqual(reportsIn(project, 'test/a.test.js', uses(specifier)), []);
    });
  }
});

test('a manifest that changes between two lints of one process is read anew', async (t) => {
  const project = await projectFolder(t, {
    'package.json': manifest({ name: 'pg', main: 'pg.js' }),
    'pg.js': '',
  });
  const lint = (): string[] => reportsIn(project, 'test/a.test.js', uses('../pg.js'));
  assert.deepStrictEqual(lint(), perTest);
  await project.write({ 'package.json': manifest({ name: 'pigeon', main: 'pg.js' }) });
  assert.deepStrictEqual(lint(), []);
});
