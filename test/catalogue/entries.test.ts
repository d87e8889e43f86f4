/** Every entry is complete, and what it says fits together. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { describe, test } from 'node:test';
import {
  CATEGORIES,
  DETECTORS,
  HAZARDS,
  PRESETS,
  evidenceUrl,
  fill,
  hazard,
  isHazardId,
  type Hazard,
  type HazardId,
  type Sight,
} from '../../packages/catalogue/src/index.ts';
import { RANKING } from '../../packages/catalogue/src/hazards/ranking.ts';

const KEBAB_CASE = /^(no|require)(-[a-z]+)+$/;
const THREAD = /^[\w.-]+\/[\w.-]+#\d+$/;

/** Texts that end as sentences do. */
function assertSentences(text: string): void {
  assert.match(text, /^([A-Z`'"{]|node:test )/, text);
  assert.match(text, /[.`]$/, text);
}

/** Phrases of a list: no capital at the front, no full stop at the end. */
function assertPhrase(text: string): void {
  assert.match(text, /^[^\sA-Z]|^[A-Z]{2}/, text);
  assert.doesNotMatch(text, /\.$/, text);
}

function assertTidy(text: string): void {
  assert.equal(text, text.trim());
  assert.doesNotMatch(text, / {2}|\n/, text);
}

function textsOf(entry: Hazard): string[] {
  const { title, cause, remedy, whenNotToUse, symptoms, signs, linter, runtime, unseenBy } = entry;
  return [
    title,
    cause,
    remedy,
    whenNotToUse,
    ...symptoms,
    ...signs,
    ...[linter, runtime].flatMap((sight?: Sight) =>
      sight ? [...sight.sees, ...sight.cannotSee] : [],
    ),
    ...Object.values(unseenBy ?? {}),
    ...Object.values(linter?.messages ?? {}),
    ...Object.values(linter?.suggestions ?? {}),
    ...[linter?.fixes, linter?.unrepaired].filter((text) => text !== undefined),
    ...(runtime ? [runtime.message] : []),
  ];
}

test('ids are unique and found again', () => {
  const ids = HAZARDS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.equal(hazard(id).id, id);
  assert.equal(isHazardId('no-such-hazard'), false);
  assert.throws(
    () => hazard('no-such-hazard' as HazardId),
    /no hazard has the id "no-such-hazard"/,
  );
});

test('the examples of every category are tested', async () => {
  const files = await readdir(new URL('examples', import.meta.url));
  const expected = CATEGORIES.map((category) => `${category.replace(' ', '-')}.test.ts`);
  assert.deepEqual(files.sort(), expected.sort());
});

test('all are ranked, and the most harmful come first', () => {
  assert.deepEqual(
    HAZARDS.map(({ id }) => id),
    RANKING,
  );
});

for (const entry of HAZARDS as readonly Hazard[]) {
  describe(entry.id, () => {
    test('is named and filed as the others are', () => {
      assert.match(entry.id, KEBAB_CASE);
      assert.ok(CATEGORIES.includes(entry.category));
      assert.match(entry.title, /^[A-Z].*[^.]$/);
    });

    test('has texts that read well', () => {
      textsOf(entry).forEach(assertTidy);
      for (const text of [entry.cause, entry.remedy, entry.whenNotToUse]) assertSentences(text);
      for (const phrase of entry.signs) assertPhrase(phrase);
      for (const sight of [entry.linter, entry.runtime]) {
        for (const phrase of sight ? [...sight.sees, ...sight.cannotSee] : []) assertPhrase(phrase);
      }
    });

    test('names each symptom once', () => {
      assert.equal(new Set(entry.symptoms).size, entry.symptoms.length);
      for (const symptom of entry.symptoms)
        assert.match(symptom.replaceAll('…', ''), /\w{4}/, symptom);
    });

    test('is seen by somebody, or says why by nobody', () => {
      const unseenBy = DETECTORS.filter((detector) => entry.unseenBy?.[detector]);
      for (const detector of unseenBy) assert.equal(entry[detector], undefined);
      if (!entry.linter && !entry.runtime) assert.deepEqual(unseenBy, DETECTORS);
      for (const { reportedBy } of entry.examples) {
        for (const detector of reportedBy)
          assert.ok(entry[detector], `${detector} reports an example it cannot see`);
      }
      for (const detector of DETECTORS) {
        if (!entry[detector]) continue;
        assert.ok(
          entry.examples.some(({ reportedBy }) => reportedBy.includes(detector)),
          `no example is reported by the ${detector}`,
        );
      }
    });

    test('is in a preset when the linter sees it, and in strict when in any', () => {
      assert.equal(entry.presets.length > 0, entry.linter !== undefined);
      for (const preset of entry.presets) assert.ok(PRESETS.includes(preset));
      if (entry.linter) assert.ok(entry.presets.includes('strict'));
    });

    test('has linter messages that end as sentences', () => {
      const { messages = {}, suggestions = {} } = entry.linter ?? {};
      if (entry.linter) assert.ok(Object.keys(messages).length > 0);
      for (const text of [...Object.values(messages), ...Object.values(suggestions)])
        assertSentences(text);
      for (const [name, phrase] of Object.entries(entry.linter?.strictly ?? {})) {
        assert.ok(name in messages, `strictly names no message: ${name}`);
        assertPhrase(phrase);
      }
      const shared = Object.keys(messages).filter((name) => name in suggestions);
      assert.deepEqual(shared, [], 'a message and a suggestion share a messageId');
    });

    test('offers a repair, or says why none would be right', () => {
      if (!entry.linter) return;
      const { suggestions, fixes, unrepaired } = entry.linter;
      const isRepaired = fixes !== undefined || Object.keys(suggestions).length > 0;
      assert.equal(unrepaired === undefined, isRepaired);
      if (fixes !== undefined) assertPhrase(fixes);
      if (unrepaired !== undefined) assert.match(unrepaired, /^[a-z`].*\.$/);
    });

    test('has placeholders that a value can fill', () => {
      for (const text of textsOf(entry)) {
        const names = [...text.matchAll(/\{\{(.*?)\}\}/g)].map(([, name = '']) => name);
        const filled = fill(text, Object.fromEntries(names.map((name) => [name, 'x'])));
        assert.doesNotMatch(filled, /\{\{|\}\}/, text);
      }
    });

    test('has placeholders in messages only', () => {
      const { title, cause, remedy, whenNotToUse, symptoms, signs } = entry;
      for (const text of [title, cause, remedy, whenNotToUse, ...symptoms, ...signs]) {
        assert.doesNotMatch(text, /\{\{/, text);
      }
    });

    test('has evidence that can be followed', () => {
      assert.equal(new Set(entry.evidence).size, entry.evidence.length);
      for (const link of entry.evidence) {
        assert.ok(THREAD.test(link) || link.startsWith('https://'), link);
        assert.equal(new URL(evidenceUrl(link)).protocol, 'https:');
      }
    });

    test('has examples that name their files and their company', () => {
      const files = entry.examples.map(({ file }) => file);
      assert.equal(new Set(files).size, files.length);
      for (const { file, title, bad, good, beside, alongside = [] } of entry.examples) {
        assert.match(file, /^[a-z-]+\.test\.(mjs|cjs|mts|cts|ts|js)$/);
        assertPhrase(title);
        assert.notDeepEqual([bad, beside?.bad], [good, beside?.good]);
        for (const id of alongside) assert.ok(isHazardId(id) && id !== entry.id, id);
      }
    });
  });
}

test('fill says which placeholder has no value', () => {
  assert.equal(fill('{{a}} and {{b}}', { a: 1, b: 'two' }), '1 and two');
  assert.throws(() => fill('{{a}} and {{b}}', { a: 1 }), /no value for the placeholder \{\{b\}\}/);
});

test('evidence is a thread on GitHub or an address', () => {
  assert.equal(evidenceUrl('nodejs/node#1'), 'https://github.com/nodejs/node/issues/1');
  assert.equal(evidenceUrl('https://nodejs.org/a#1'), 'https://nodejs.org/a#1');
});
