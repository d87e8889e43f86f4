/** Code that somebody is about to change is survived; the long run is `npm run test:mutations`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import { mutateAndLint } from '../crashes/campaign.ts';
import type { SourceFile } from '../support/source-files.ts';

const examples: readonly SourceFile[] = HAZARDS.flatMap((entry: Hazard) =>
  entry.examples.flatMap(({ file, bad, good }) =>
    [bad, good].map((code) => ({ path: `/${entry.id}.${file}`, code })),
  ),
);

test('no mutation of the catalogue’s examples makes a rule throw', async () => {
  const count = 400;
  const { linted, parsed, crash } = await mutateAndLint(examples, { count, seed: 1 });
  assert.equal(crash, undefined);
  assert.equal(linted, count);
  assert.ok(parsed > count / 4, `only ${parsed} of them got past the parser`);
});

test('a crash is told as the smallest file that shows it', async () => {
  const files = [{ path: '/a.test.js', code: 'first();\nsecond();\nthird();\nfourth();\n' }];
  const breaks = {
    crashOf: async (text: string) => (text.includes('third') ? 'a rule threw' : undefined),
    parsed: () => 0,
  };
  const { crash } = await mutateAndLint(files, { count: 10, seed: 1 }, breaks);
  assert.equal(crash?.error, 'a rule threw');
  assert.equal(crash.path, '/a.test.js');
  assert.match(crash.text, /^.*third.*$/);
});
