/**
 * What the editor offers for the catalogue's bad examples: each repair silences its report and no
 * other appears, and with all of them the file runs, ends by itself and leaks nothing.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import { assertSound, repairer, type Idiom } from '../eslint-plugin/support/repairing.ts';
import { scratchDatabase } from '../support/database.ts';
import { runUnderWatch } from '../support/detectors.ts';

const folder = mkdtempSync(fileURLToPath(new URL('../.repairs-', import.meta.url)));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Their assertion is wrong on purpose, to show what a failing test leaves behind. */
const FAILS_ON_PURPOSE = new Set(['health.test.mjs', 'balance.test.mjs']);
const IDIOMS: readonly Idiom[] = ['node:test', 'savepoint'];

for (const { id, examples } of HAZARDS as readonly Hazard[]) {
  describe(id, { concurrency: availableParallelism() }, () => {
    for (const { file, title, bad, reportedBy, beside } of examples) {
      if (!reportedBy.includes('linter') || beside) continue;
      const mended = new Set<string>();

      for (const idiom of IDIOMS) {
        const by = repairer(file, idiom);
        for (const repair of by.repairs(bad)) {
          test(`${title}: ${repair.title} (${idiom})`, () => assertSound(by, bad, repair, file));
        }
        for (let choice = 0; choice < 3; choice++) {
          const output = by.mended(bad, choice);
          if (by.lint(output).length === 0) mended.add(output);
        }
      }

      for (const [number, output] of [...mended].entries()) {
        test(`${title}: mended in way ${String(number + 1)}, it runs and leaks nothing`, async (t) => {
          const path = join(folder, id, String(number), file);
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(path, output);
          const TEST_DATABASE_URL = await scratchDatabase(t);
          const run = await runUnderWatch(path, `${path}.jsonl`, { TEST_DATABASE_URL });
          assert.deepEqual(run.reports, [], `${output}\n${run.output}`);
          assert.equal(
            run.exitCode,
            FAILS_ON_PURPOSE.has(file) ? 1 : 0,
            `${output}\n${run.output}`,
          );
        });
      }
    }
  });
}
