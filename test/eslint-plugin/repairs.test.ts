/**
 * What the editor offers for shapes of real code: each repair silences its report and no other
 * appears, is as tidy as the file was, and the mended file runs, ends by itself and leaks nothing.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratchDatabase } from '../support/database.ts';
import { runUnderWatch } from '../support/detectors.ts';
import { RISKY, UNREPAIRED } from './support/risky-files.ts';
import { assertSound, repairer, type Idiom } from './support/repairing.ts';

const folder = mkdtempSync(fileURLToPath(new URL('../.repairs-', import.meta.url)));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const IDIOMS: readonly (Idiom | undefined)[] = [undefined, 'node:test', 'savepoint'];

describe('mended', { concurrency: availableParallelism() }, () => {
  for (const [number, { name, file, code, offers }] of RISKY.entries()) {
    const mended = new Set<string>();
    for (const idiom of IDIOMS) {
      const by = repairer(file, idiom);
      for (const repair of by.repairs(code)) {
        test(`${name}: ${repair.title} (${idiom ?? 'as the file'})`, () =>
          assertSound(by, code, repair, file));
      }
      for (let choice = 0; choice < 3; choice++) mended.add(by.mended(code, choice));
    }

    test(`${name}: ${offers.join(', ')}`, () => {
      const titles = repairer(file, 'savepoint')
        .repairs(code)
        .map(({ title }) => title);
      for (const offer of offers) {
        assert.ok(
          titles.some((title) => title.includes(offer)),
          `${offer} in ${titles.join('\n')}`,
        );
      }
    });

    for (const [way, output] of [...mended].entries()) {
      test(`${name}: mended in way ${String(way + 1)}, it runs and leaks nothing`, async (t) => {
        const path = join(folder, String(number), String(way), file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, output);
        assert.deepEqual(repairer(file).lint(output), [], output);
        const TEST_DATABASE_URL = await scratchDatabase(t);
        const run = await runUnderWatch(path, `${path}.jsonl`, { TEST_DATABASE_URL });
        assert.deepEqual(run.reports, [], `${output}\n${run.output}`);
        assert.equal(run.exitCode, 0, `${output}\n${run.output}`);
      });
    }
  }
});

describe('left alone, for no edit would be right', () => {
  for (const { name, file, code } of UNREPAIRED) {
    test(name, () => {
      const by = repairer(file, 'savepoint');
      assert.notEqual(by.lint(code).length, 0, 'nothing is reported');
      assert.deepEqual(by.repairs(code), []);
    });
  }
});
