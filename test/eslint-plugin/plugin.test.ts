/** The plugin as a whole: its rules are the files and the catalogue's entries, its presets theirs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HAZARDS, hazard, isHazardId, type Hazard } from '@savepoint/catalogue';
import type { ESLint, Linter, Rule } from 'eslint';
import { defineConfig } from 'eslint/config';
import savepoint, { rules } from 'eslint-plugin-savepoint';
import { ESLINT_VERSIONS } from './support/eslint-versions.ts';

const README = readFileSync(new URL('../../eslint-plugin/README.md', import.meta.url), 'utf8');
const visible = HAZARDS.filter((entry: Hazard) => entry.linter).map(({ id }) => id);

test('exports, rule files and catalogue entries with a linter side are one set', () => {
  const files = readdirSync(new URL('../../eslint-plugin/src/rules', import.meta.url)).map((file) =>
    file.replace(/\.ts$/, ''),
  );
  const sorted = visible.toSorted();
  assert.deepStrictEqual(
    { exported: Object.keys(rules).toSorted(), files: files.toSorted() },
    { exported: sorted, files: sorted },
  );
});

test('a preset holds what the catalogue says, as errors, under a name', () => {
  for (const preset of ['recommended', 'strict'] as const) {
    const { name, rules: chosen } = savepoint.configs[preset];
    const expected = HAZARDS.filter(
      (entry: Hazard) => entry.linter && entry.presets.includes(preset),
    );
    assert.equal(name, `savepoint/${preset}`);
    assert.deepStrictEqual(
      chosen,
      Object.fromEntries(
        expected.map(({ id, linter }: Hazard) => [
          `savepoint/${id}`,
          preset === 'strict' && linter?.strictly ? ['error', { strict: true }] : 'error',
        ]),
      ),
    );
  }
});

/** The names of a rule's options: it takes none, or one object of them. */
function optionsOf(schema: Rule.RuleMetaData['schema']): string[] {
  assert.ok(Array.isArray(schema));
  return schema.flatMap(({ properties = {}, additionalProperties }) => {
    assert.equal(additionalProperties, false);
    return Object.keys(properties);
  });
}

describe('meta is the catalogue’s', () => {
  for (const [id, { meta }] of Object.entries(savepoint.rules)) {
    test(id, () => {
      assert.ok(isHazardId(id));
      const { linter, title, presets } = hazard(id);
      assert.ok(linter && meta);
      assert.equal(meta.docs?.description, title);
      assert.equal(meta.docs.recommended, presets.includes('recommended'));
      const anchor = `<a id="${new URL(meta.docs.url ?? '').hash.slice(1)}">`;
      assert.ok(README.includes(anchor), `${String(meta.docs.url)} leads to a place in the README`);
      assert.deepStrictEqual(meta.messages, { ...linter.messages, ...linter.suggestions });
      assert.equal(meta.hasSuggestions, Object.keys(linter.suggestions).length > 0);
      assert.equal(meta.fixable, linter.fixes === undefined ? undefined : 'code');
      assert.deepStrictEqual(optionsOf(meta.schema), linter.strictly ? ['strict'] : []);
      assert.deepStrictEqual(meta.languages, ['js/js']);
    });
  }
});

const risky = `import { test } from 'node:test';
test('a', () => { process.env.A = '1'; });
`;

describe('a flat config', () => {
  const plugin: ESLint.Plugin = savepoint;
  const ways = {
    'extends the preset by name': defineConfig([
      { files: ['**/*.js'], plugins: { savepoint: plugin }, extends: ['savepoint/recommended'] },
    ]),
    'extends the preset by value': defineConfig([
      { files: ['**/*.js'], extends: [savepoint.configs.strict] },
    ]),
    'registers the plugin under another name': defineConfig([
      { files: ['**/*.js'], plugins: { fixtures: plugin }, extends: ['fixtures/recommended'] },
    ]),
    'lists the preset': [savepoint.configs.recommended],
    'lists the preset beside the plugin registered by hand': [
      savepoint.configs.recommended,
      { plugins: { savepoint }, rules: { 'savepoint/no-fixed-port': 'off' } },
    ],
  } satisfies Record<string, Linter.Config[]>;

  for (const [way, config] of Object.entries(ways)) {
    test(way, () => {
      for (const { Linter: VersionedLinter } of ESLINT_VERSIONS) {
        const messages = new VersionedLinter().verify(risky, config, { filename: 'a.test.js' });
        assert.deepStrictEqual(
          messages.map(({ ruleId, severity }) => [ruleId?.replace(/^.*\//, ''), severity]),
          [['no-unrestored-process-state', 2]],
        );
      }
    });
  }
});
