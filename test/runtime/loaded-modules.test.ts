/** What a test process loads before its first test: each has to, so each pays for it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { tempDir } from '../../runtime/src/process/index.ts';
import { startNode } from '../support/node-process.ts';

/** The files of modules that are loaded with one, as URLs. */
async function loadedWith(t: TestContext, module: string): Promise<string[]> {
  const folder = tempDir(t);
  const { ended } = startNode(['--input-type=module', '--eval', `import '${module}';`], {
    cwd: import.meta.dirname,
    env: { NODE_V8_COVERAGE: folder },
  });
  const { exitCode, output } = await ended;
  assert.equal(exitCode, 0, output);
  const [report = ''] = readdirSync(folder);
  const { result } = JSON.parse(readFileSync(join(folder, report), 'utf8')) as {
    readonly result: readonly { readonly url: string }[];
  };
  return result.map(({ url }) => url);
}

test('the words of hazards are loaded without their entries', async (t) => {
  const loaded = await loadedWith(t, 'savepoint/pg');
  const ofCatalogue = loaded.flatMap((url) => /\/catalogue\/dist\/(.*)$/.exec(url)?.[1] ?? []);
  assert.deepEqual(ofCatalogue.toSorted(), ['hazard.js', 'hazards/words.js', 'words.js']);
});
