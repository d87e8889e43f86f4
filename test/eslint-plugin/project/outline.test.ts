/** What stands in brackets is passed by whole: the outline of a file does not see into it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outlineOf } from '../../../eslint-plugin/src/model/project/outline.ts';

/** A body whose brackets only a reader of strings, comments, templates and expressions can match. */
const BODIES: readonly (readonly [what: string, body: string])[] = [
  ['a string', `'}'`],
  ['an escaped quote', `"\\"}"`],
  ['a comment', `/* } */ 1 // )`],
  ['a quote in a comment', `1 // don't`],
  ['a template', '`}`'],
  ['a placeholder', '`${[1].map((n) => `${n}}`)}}`'],
  ['a regular expression', `/[}/"]/.test(text)`],
  ['one behind a word', `typeof /}/`],
  ['one behind a comment', `( // first\n /}/)`],
  ['a division', `count / 2 / size`],
  ['a division behind a bracket', `(a) / '}'.length / b`],
];

describe('the outline of a file', () => {
  for (const [what, body] of BODIES) {
    it(`finds the end of a function that holds ${what}`, () => {
      const helper = `export function helper() {\n  ${body}\n}`;
      const [first, second, ...others] = outlineOf(`${helper}\nconst behind = helper();\n`) ?? [];
      assert.equal(first?.text.trim(), helper);
      assert.deepEqual([...(second?.declares ?? [])], ['behind']);
      assert.deepEqual(others, []);
    });
  }

  for (const text of ['function f() {', 'f(]', 'f() }', 'const a = `${', 'f({ a: [1 })']) {
    it(`has no statements where brackets do not match: ${text}`, () => {
      assert.equal(outlineOf(text), undefined);
    });
  }

  it('reads the words of a statement in its brackets, placeholders and all', () => {
    const [statement] =
      outlineOf('run(() => { use(`a ${pool.query} b`, /word/, "text"); });') ?? [];
    assert.deepEqual([...(statement?.words() ?? [])], ['run', 'use', 'pool']);
    assert.deepEqual([...(statement?.strings() ?? [])], ['text']);
    assert.equal(statement?.says('pool'), true);
    assert.equal(statement.says('query'), false);
  });

  it('declares what a pattern names, and nothing of the function it is given', () => {
    const [pattern, fn] =
      outlineOf('const { a, b: [c] } = load();\nconst run = async (t) => { const inner = t; };') ??
      [];
    assert.deepEqual([...(pattern?.declares ?? [])], ['a', 'b', 'c']);
    assert.deepEqual([...(fn?.declares ?? [])], ['run']);
  });
});
