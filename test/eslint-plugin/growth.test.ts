/**
 * What a rule looks at grows with the file and no faster. Looks are counted, not timed: every reading
 * of what a node, a scope, a variable or a reference is made known by a getter.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as parser from '@typescript-eslint/parser';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import { fileOfSuites } from '../bench-lint/long-file.ts';

for (const preset of ['recommended', 'strict'] as const) {
  test(`${preset}: a file twice as long is looked at twice as often`, () => {
    const [looks, twice] = [looksAt(40, preset), looksAt(80, preset)];
    assert.ok(looks > 0);
    assert.ok(twice <= 2.2 * looks, `${twice} looks, ${looks} at half of the file`);
  });
}

/** How often a lint of so many suites looks at something, beyond what ESLint itself does. */
function looksAt(suites: number, preset: 'recommended' | 'strict'): number {
  const [ours, none] = [[savepoint.configs[preset]], []].map((configs) => {
    const counter = { looks: 0 };
    const messages = new Linter().verify(
      fileOfSuites(suites).code,
      [...configs, { languageOptions: { parser: countingParser(counter) } }],
      'long.test.mjs',
    );
    assert.ok(messages.every(({ fatal }) => fatal !== true));
    return counter.looks;
  });
  return (ours ?? 0) - (none ?? 0);
}

interface Counter {
  looks: number;
}

function countingParser(counter: Counter): Linter.Parser {
  return {
    parseForESLint(text, options) {
      const parsed = parser.parseForESLint(text, options as parser.ParserOptions);
      countNodes(parsed.ast, counter);
      for (const scope of parsed.scopeManager.scopes) {
        count(scope, 'block', counter);
        for (const variable of scope.variables) count(variable, 'references', counter);
        for (const reference of scope.references) count(reference, 'identifier', counter);
      }
      return parsed as unknown as Linter.ESLintParseResult;
    },
  };
}

function countNodes(root: object, counter: Counter): void {
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const children = Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
      key === 'parent' || key === 'tokens' || key === 'comments' ? [] : [value].flat(),
    );
    for (const child of children) {
      if (typeof child === 'object' && child !== null && 'type' in child) pending.push(child);
    }
    for (const key of ['type', 'range', 'parent']) count(node, key, counter);
  }
}

function count(owner: object, key: string, counter: Counter): void {
  let value: unknown = Reflect.get(owner, key);
  Object.defineProperty(owner, key, {
    configurable: true,
    enumerable: true,
    get() {
      counter.looks++;
      return value;
    },
    set(written: unknown) {
      value = written;
    },
  });
}
