/** Every way to come by `node:test` is seen, and nothing else is taken for it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';

/** A change that only a test makes a hazard, so that a report says: this is a test. */
const change = `process.chdir('/tmp')`;

function isSeenAsTest(code: string, options: Linter.Config['languageOptions'] = {}): boolean {
  const config = { ...savepoint.configs.recommended, languageOptions: options };
  return new Linter().verify(code, [config], { filename: 'a.js' }).length > 0;
}

const modules: readonly string[] = [
  `import test from 'node:test'; test('a', () => { ${change}; });`,
  `import { test as run } from 'node:test'; run('a', () => { ${change}; });`,
  `import { it } from 'node:test'; it('a', { timeout: 1 }, () => { ${change}; });`,
  `import * as nodeTest from 'node:test'; nodeTest.test('a', () => { ${change}; });`,
  `import * as nodeTest from 'node:test'; nodeTest.default('a', () => { ${change}; });`,
  `import { default as test } from 'node:test'; test.only('a', () => { ${change}; });`,
  `import test from 'node:test'; test.it.test('a', () => { ${change}; });`,
  `import test from 'node:test'; test(() => { ${change}; });`,
  `import { skip, todo } from 'node:test'; skip('a', () => { ${change}; });`,
  `import { beforeEach, test } from 'node:test'; beforeEach(() => { ${change}; });`,
  `import { describe, test } from 'node:test'; describe('a', () => { test('b', () => { ${change}; }); });`,
  `import test from 'node:test'; const again = test; const { skip } = again; skip('a', () => { ${change}; });`,
  `import test from 'node:test'; const maybe = process.env.A ? test : test.skip; maybe('a', () => { ${change}; });`,
  `import test from 'node:test'; test('a', function body() { ${change}; });`,
  `import test from 'node:test'; test('a', body); function body() { ${change}; }`,
  `import test from 'node:test'; test('a', async (t) => { await t.test('b', () => { ${change}; }); });`,
  `import test from 'node:test'; test('a', async ({ test: sub }) => { await sub('b', () => { ${change}; }); });`,
  `import test from 'node:test'; test('a', () => { [1].forEach(() => { ${change}; }); });`,
  `import test from 'node:test'; test('a', () => { (() => { ${change}; })(); });`,
  `const { test } = await import('node:test'); test('a', () => { ${change}; });`,
  `const test = (await import('node:test')).default; test('a', () => { ${change}; });`,
  `import { createRequire } from 'node:module'; const need = createRequire(import.meta.url); const test = need('node:test'); test('a', () => { ${change}; });`,
  `import { createRequire } from 'module'; const { it } = createRequire(import.meta.url)('node:test'); it('a', () => { ${change}; });`,
  `const { test } = process.getBuiltinModule('node:test'); test('a', () => { ${change}; });`,
  `import test from 'node:test'; import { chdir as go } from 'process'; test('a', () => { go('/tmp'); });`,
  `import test from 'node:test'; test('a', () => { globalThis.process.chdir('/tmp'); });`,
];

const scripts: readonly string[] = [
  `const test = require('node:test'); test('a', () => { ${change}; });`,
  `const { test, it: run } = require('node:test'); run('a', () => { ${change}; });`,
  `const { describe, it } = require(\`node:test\`); describe('a', () => { it('b', () => { ${change}; }); });`,
  `const test = require('node:test').default; test('a', () => { ${change}; });`,
  `let test; test = require('node:test'); test('a', () => { ${change}; });`,
  `var test = require('node:test'); test('a', () => { ${change}; });`,
];

const others: readonly string[] = [
  `import { test } from 'vitest'; test('a', () => { ${change}; });`,
  `import test from 'test'; test('a', () => { ${change}; });`,
  `import { mock, run } from 'node:test'; run('a', () => { ${change}; }); mock.fn(() => { ${change}; });`,
  `import { test } from 'node:test'; { const test = other; test('a', () => { ${change}; }); }`,
  `import { test } from 'node:test'; export function a(test) { test('a', () => { ${change}; }); }`,
  `import { test } from 'node:test'; let run = test; run = other; run('a', () => { ${change}; });`,
  `import { test } from 'node:test'; const run = process.env.A ? test : other; run('a', () => { ${change}; });`,
  `import { test } from 'node:test'; const require = fake; const t = require('node:test'); t('a', () => { ${change}; });`,
  `import { test } from 'node:test'; test('a', async (t) => { t = other(t); await t.test('b', () => {}); }); function b() { ${change}; }`,
  `import { test } from 'node:test'; test('a', () => {}); ${change};`,
  `import { test } from 'node:test'; test('a', () => {}); export const a = { b() { ${change}; } };`,
  `// node:test\ntest('a', () => { ${change}; });`,
];

describe('modules', () => {
  for (const code of modules) {
    test(code, () => {
      assert.equal(isSeenAsTest(code), true);
      assert.equal(isSeenAsTest(code, { parser: tseslint.parser }), true);
    });
  }
});

describe('scripts, whether `require` is declared or not', () => {
  for (const code of scripts) {
    test(code, () => {
      for (const sourceType of ['commonjs', 'script', 'module'] as const) {
        assert.equal(isSeenAsTest(code, { sourceType }), true, sourceType);
        assert.equal(isSeenAsTest(code, { sourceType, parser: tseslint.parser }), true, sourceType);
      }
      assert.equal(isSeenAsTest(code, { globals: { require: 'readonly' } }), true);
    });
  }
});

test('TypeScript: import = require, and the type of a helper’s parameter', () => {
  const options = { parser: tseslint.parser };
  for (const code of [
    `import test = require('node:test'); test('a', () => { ${change}; });`,
    `import type { TestContext } from 'node:test'; export function a(x: TestContext) { ${change}; }`,
    `import type * as nodeTest from 'node:test'; export const a = (b: string, x: nodeTest.TestContext): void => { ${change}; };`,
    `export function enter(t, folder) { ${change}; t.after(() => {}); }`,
  ]) {
    assert.equal(isSeenAsTest(code, options), true, code);
  }
});

describe('not node:test, or not in a test', () => {
  for (const code of others) {
    test(code, () => {
      assert.equal(isSeenAsTest(code), false);
      assert.equal(isSeenAsTest(code, { parser: tseslint.parser }), false);
    });
  }
});
