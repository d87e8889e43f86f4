/**
 * Lints a table of files with all rules that read lifetimes, under ESLint 9 and 10, with espree and
 * with the TypeScript parser. A line that is reported says by which rule: `//! no-inline-teardown`.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import plugin from '../../../eslint-plugin/src/index.ts';
import { ESLINT_VERSIONS } from './eslint-versions.ts';
import { LANGUAGES, type ValidCase } from './rule-table.ts';

const RULES = [
  'no-inline-teardown',
  'no-per-test-pool',
  'no-undefined-env-restore',
  'no-unrestored-dispatcher',
  'no-unrestored-process-state',
  'no-use-after-end',
  'require-awaited-teardown',
  'require-client-release',
  'require-pool-end',
] as const satisfies readonly (keyof typeof plugin.rules)[];

export function testModel(title: string, files: readonly ValidCase[]): void {
  for (const { version, Linter } of ESLINT_VERSIONS) {
    describe(`${title}, ESLint ${version}`, () => {
      for (const { name, code, language = 'esm', settings } of files) {
        for (const { parser, options } of LANGUAGES[language]) {
          it(`${name}, ${parser}`, () => {
            const found = new Linter().verify(code, {
              plugins: { savepoint: plugin },
              rules: Object.fromEntries(RULES.map((id) => [`savepoint/${id}`, 'error'])),
              languageOptions: options,
              ...(settings && { settings }),
            });
            assert.deepEqual(
              found
                .map(({ line, ruleId, message }) => `${line} ${nameOf(ruleId) ?? message}`)
                .sort(),
              expectedIn(code).sort(),
            );
          });
        }
      }
    });
  }
}

function nameOf(ruleId: string | null): string | undefined {
  return ruleId?.replace('savepoint/', '');
}

function expectedIn(code: string): string[] {
  return code.split('\n').flatMap((text, index) => {
    const [, rules = ''] = text.split('//! ');
    return rules.split(' ').flatMap((rule) => (rule ? [`${index + 1} ${rule}`] : []));
  });
}
