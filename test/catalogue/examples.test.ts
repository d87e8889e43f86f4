/**
 * The catalogue's examples, each written to a file, linted with the strict preset and run under
 * watch: `bad` is reported by whom the entry says and under its id, `good` by nobody.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HAZARDS, type Detector, type Example, type Hazard } from '@savepoint/catalogue';
import { scratchDatabase } from '../support/database.ts';
import { lint, runUnderWatch, type Report, type Run } from '../support/detectors.ts';

// Inside the workspace, where packages resolve as a user's do; outside node_modules, where no user's code is.
const folder = mkdtempSync(fileURLToPath(new URL('../.examples-', import.meta.url)));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Seen {
  readonly linter: readonly Report[];
  readonly runtime: readonly Report[];
  readonly run: Run;
}

/** Shows a piece of an example to both detectors. */
async function show(
  t: TestContext,
  id: string,
  example: Example,
  which: 'bad' | 'good',
): Promise<Seen> {
  const path = join(folder, id, which, example.file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, example[which]);
  const TEST_DATABASE_URL = await scratchDatabase(t);
  const [linter, run] = await Promise.all([
    lint([path]),
    runUnderWatch(path, join(dirname(path), `${example.file}.jsonl`), { TEST_DATABASE_URL }),
  ]);
  return { linter, runtime: run.reports, run };
}

function codesOf(reports: readonly Report[]): Set<string> {
  return new Set(reports.map(({ code }) => code));
}

function reportersOf(id: string, seen: Seen): Detector[] {
  const detectors: Detector[] = ['linter', 'runtime'];
  return detectors.filter((detector) => codesOf(seen[detector]).has(id));
}

for (const { id, examples } of HAZARDS as readonly Hazard[]) {
  describe(id, { concurrency: availableParallelism() }, () => {
    for (const example of examples) {
      const { title, reportedBy, alongside = [] } = example;

      test(`${title}: reported by the ${reportedBy.join(' and the ')}`, async (t) => {
        const seen = await show(t, id, example, 'bad');
        assert.deepEqual(reportersOf(id, seen), reportedBy, seen.run.output);
        const company = codesOf([...seen.linter, ...seen.runtime]);
        company.delete(id);
        assert.deepEqual([...company].sort(), [...alongside].sort(), seen.run.output);
      });

      test(`${title}: mended, it passes and nobody reports it`, async (t) => {
        const { linter, runtime, run } = await show(t, id, example, 'good');
        assert.deepEqual([...linter, ...runtime], []);
        assert.equal(run.exitCode, 0, run.output);
      });
    }
  });
}
