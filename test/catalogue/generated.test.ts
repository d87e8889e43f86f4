/** What is derived from the catalogue: current in this repository, and noticed when it is not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HAZARDS, explain, rulePage, type Hazard } from '../../packages/catalogue/src/index.ts';
import { generatedFiles } from '../../scripts/generated-files.ts';
import { generatedLists } from '../../scripts/generated-lists.ts';
import { staleFiles } from '../../scripts/stale-files.ts';
import { tempDir } from '../../runtime/src/process/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MARKED = 'before\n<!-- hazards:begin -->\nold\n<!-- hazards:end -->\nafter\n';

/** A folder that has what the generator needs and nothing else. */
function emptyHouse(t: TestContext): string {
  const house = tempDir(t);
  mkdirSync(join(house, 'docs/guide'), { recursive: true });
  write(house, 'README.md', MARKED);
  write(house, 'eslint-plugin/README.md', MARKED.replaceAll('hazards', 'rules'));
  return house;
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

async function generate(root: string): Promise<void> {
  for (const [path, text] of await generatedFiles(root))
    if (text !== undefined) write(root, path, text);
}

test('this repository is current', async () => {
  assert.deepEqual(await staleFiles(ROOT, await generatedFiles(ROOT)), []);
});

test('the lists of entries and rules are those of their files', async () => {
  assert.deepEqual(await staleFiles(ROOT, await generatedLists(ROOT)), []);
});

test('a new rule is missing in the list until it is made again', async (t) => {
  const house = tempDir(t);
  write(house, 'packages/catalogue/src/hazards/no-rest.ts', '');
  write(house, 'eslint-plugin/src/rules/no-rest.ts', '');
  write(house, 'eslint-plugin/src/rules/helper.ts', '');
  const lists = await generatedLists(house);
  assert.deepEqual(await staleFiles(house, lists), [...lists.keys()]);
  for (const text of lists.values()) {
    assert.match(text ?? '', /noRest/);
    assert.doesNotMatch(text ?? '', /helper/);
  }
});

test('the command says so, by its exit code', async () => {
  const command = ['--import', 'tsx', 'scripts/generate.ts', '--check'];
  const { stderr } = await promisify(execFile)(process.execPath, command, { cwd: ROOT });
  assert.equal(stderr, '');
});

test('everything is stale where nothing was generated, and current afterwards', async (t) => {
  const house = emptyHouse(t);
  const pages = HAZARDS.map(({ id }) => `docs/rules/${id}.md`);
  assert.deepEqual(await staleFiles(house, await generatedFiles(house)), [
    ...pages,
    'docs/rules/README.md',
    'README.md',
    'eslint-plugin/README.md',
    'docs/guide/limits.md',
    'docs/guide/resources.md',
    'packages/catalogue/src/hazards/words.ts',
  ]);
  await generate(house);
  assert.deepEqual(await staleFiles(house, await generatedFiles(house)), []);
});

test('an edited page, a page too many and an edited table are named', async (t) => {
  const house = emptyHouse(t);
  await generate(house);
  write(house, 'docs/rules/no-fixed-port.md', 'edited');
  write(house, 'docs/rules/no-longer-a-hazard.md', 'left over');
  write(house, 'README.md', MARKED);
  assert.deepEqual((await staleFiles(house, await generatedFiles(house))).sort(), [
    'README.md',
    'docs/rules/no-fixed-port.md',
    'docs/rules/no-longer-a-hazard.md',
  ]);
});

test('what stands around a table is kept', async (t) => {
  const house = emptyHouse(t);
  await generate(house);
  const readme = readFileSync(join(house, 'README.md'), 'utf8');
  assert.ok(readme.startsWith('before\n<!-- hazards:begin -->\n\n| hazard '));
  assert.ok(readme.endsWith('\n\n<!-- hazards:end -->\nafter\n'));
});

test('a README without its markers is an error that names them', async (t) => {
  const house = emptyHouse(t);
  write(house, 'README.md', 'no table here\n');
  await assert.rejects(
    generatedFiles(house),
    /README\.md lacks the markers <!-- hazards:begin -->/,
  );
});

for (const entry of HAZARDS as readonly Hazard[]) {
  test(`${entry.id}: the page holds all that a reader looks for, symptoms first`, () => {
    const page = rulePage(entry);
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    assert.deepEqual(headings, [
      'What you see',
      'Why',
      'What to do',
      'What the linter sees',
      ...(entry.linter ? ['What the editor offers'] : []),
      'What the runtime sees',
      'When not to use it',
      'Evidence',
    ]);
    assert.ok(page.startsWith(`# ${entry.title}\n`));
    for (const text of [...entry.symptoms, ...Object.values(entry.linter?.strictly ?? {})])
      assert.ok(page.includes(text), text);
    for (const { bad, good, beside } of entry.examples) {
      const others = [beside?.bad, beside?.good].flatMap((files = {}) => Object.values(files));
      for (const code of [bad, good, ...others]) assert.ok(page.includes(code), code);
    }
  });

  test(`${entry.id}: explained on one screen, with the way to its page`, () => {
    const text = explain(entry.id as (typeof HAZARDS)[number]['id']);
    assert.ok(text.startsWith(`# ${entry.id}: ${entry.title}\n`));
    assert.ok(text.includes(entry.cause) && text.includes(entry.remedy));
    assert.ok(text.endsWith(`docs/rules/${entry.id}.md`));
  });
}
