/** The configs that the README and the guide show do what they say, in ESLint 9 and 10. */
import assert from 'node:assert/strict';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ESLint, type Linter } from 'eslint';
import { ESLint as ESLint9 } from 'eslint9';
import { projectFolder } from './support/project-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const PAGES = ['eslint-plugin/README.md', 'docs/guide/linter.md'];
const CONFIG = /```js\n(.*?)```/gs;

const RISKY = `import { test } from 'node:test';
test('a', () => {
  process.env.LEVEL = 'debug';
});
`;
/** What returns a promise at the top of a file, and one promise that a test drops. */
const FLOATING = `import test, { describe, it, only, skip, suite, todo } from 'node:test';
test('a', () => {});
test.only('b', () => {});
test.skip('c', () => {});
it('d', () => {});
it.todo('e', () => {});
describe('f', () => {});
describe.only('g', () => {});
suite('h', () => {});
only('i', () => {});
skip('j', () => {});
todo('k', () => {});
async function work(): Promise<void> {}
test('l', () => {
  work();
});
`;
const TSCONFIG = { compilerOptions: { module: 'nodenext', types: ['node'] }, include: ['test'] };

for (const page of PAGES) {
  const configs = [...readFileSync(join(ROOT, page), 'utf8').matchAll(CONFIG)].map(
    ([, code = '']) => code,
  );
  describe(page, () => {
    for (const [index, code] of configs.entries()) {
      test(`config ${index + 1}`, async (t) => {
        const { path } = await projectFolder(t, {
          'eslint.config.mjs': code,
          'package.json': '{ "type": "module" }',
          'tsconfig.json': JSON.stringify(TSCONFIG),
          'test/a.test.js': RISKY,
          'test/b.test.ts': RISKY,
          'test/floating.test.ts': FLOATING,
        });
        symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
        const url = pathToFileURL(join(path, 'eslint.config.mjs')).href;
        const loaded = (await import(url)) as { default: Linter.Config[] };
        for (const Version of [ESLint, ESLint9]) {
          const found = await reportsOf(Version, path, loaded.default, filesFor(code));
          assert.deepStrictEqual(found, expected(code, path));
        }
      });
    }
  });
}

/** What each of the files shows, by what the config is about. */
function expected(code: string, folder: string): string[] {
  const unrestored = '3 no-unrestored-process-state';
  const found: string[] = [];
  const isForAll = code.includes("files: ['test/**']");
  if (isForAll) found.push(`${folder}/test/a.test.js:${unrestored}`);
  if (code.includes('tseslint.parser')) found.push(`${folder}/test/b.test.ts:${unrestored}`);
  if (code.includes('tseslint.plugin')) {
    found.push(`${folder}/test/floating.test.ts:15 no-floating-promises`);
  }
  return found;
}

/** A config without a parser for TypeScript is not asked about it. */
function filesFor(code: string): string[] {
  const typescript = ['test/b.test.ts', 'test/floating.test.ts'];
  return ['test/a.test.js', ...(code.includes('tseslint.parser') ? typescript : [])];
}

async function reportsOf(
  Version: typeof ESLint | typeof ESLint9,
  cwd: string,
  config: Linter.Config[],
  files: string[],
): Promise<string[]> {
  const eslint = new Version({ cwd, overrideConfigFile: true, overrideConfig: config as never[] });
  const results = await eslint.lintFiles(files);
  return results.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, ruleId, message }) =>
        `${filePath}:${line} ${ruleId?.replace(/^.*\//, '') ?? message}`,
    ),
  );
}
