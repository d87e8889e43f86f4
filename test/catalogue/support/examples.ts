/**
 * The catalogue's examples, each written to a file, linted with the strict preset and run under
 * watch: `bad` is reported by whom the entry says and under its id, `good` by nobody. One category
 * is one test file, so that none runs for long.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  HAZARDS,
  findHazards,
  type Category,
  type Detector,
  type Example,
  type Hazard,
  type HazardId,
} from '@savepoint/catalogue';
import { scratchDatabase } from '../../support/database.ts';
import { lint, runUnderWatch, type Report, type Run } from '../../support/detectors.ts';

// Inside the workspace, where packages resolve as a user's do; outside node_modules, where no user's code is.
const folder = mkdtempSync(fileURLToPath(new URL('../../.examples-', import.meta.url)));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Each example is a process, and the files of tests run beside each other already. */
const AT_ONCE = 2;

interface Seen {
  readonly linter: readonly Report[];
  readonly runtime: readonly Report[];
  readonly run: Run;
}

/** Shows a piece of an example to both detectors; what stands beside it is linted too. */
async function show(
  t: TestContext,
  id: string,
  example: Example,
  which: 'bad' | 'good',
): Promise<Seen> {
  const path = join(folder, id, which, example.file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, example[which]);
  const others = Object.entries(example.beside?.[which] ?? {}).map(([name, text]) => {
    const other = join(dirname(path), name);
    writeFileSync(other, text);
    return other;
  });
  const environment = await databaseFor(t, example[which]);
  const [linter, run] = await Promise.all([
    lint([path, ...others]),
    runUnderWatch(path, join(dirname(path), `${example.file}.jsonl`), environment),
  ]);
  return { linter, runtime: run.reports, run };
}

/** A database of its own, where the code names one. */
async function databaseFor(t: TestContext, code: string): Promise<NodeJS.ProcessEnv> {
  return code.includes('TEST_DATABASE_URL') ? { TEST_DATABASE_URL: await scratchDatabase(t) } : {};
}

function codesOf(reports: readonly Report[]): Set<string> {
  return new Set(reports.map(({ code }) => code));
}

function said(reportedBy: readonly Detector[]): string {
  return reportedBy.length > 0
    ? `reported by the ${reportedBy.join(' and the ')}`
    : 'shown by its output';
}

function reportersOf(id: string, seen: Seen): Detector[] {
  const detectors: Detector[] = ['linter', 'runtime'];
  return detectors.filter((detector) => codesOf(seen[detector]).has(id));
}

/** What nobody reports has to show itself: the file fails, by a symptom where the hazard has one. */
function assertShown({ id, symptoms }: Hazard, { run }: Seen): void {
  assert.notEqual(run.exitCode, 0, run.output);
  if (symptoms.length === 0) return;
  const shown = findHazards(run.output).map((match) => match.id);
  assert.ok(shown.includes(id as HazardId), run.output);
}

/** Tests the examples of one category. */
export function testExamples(category: Category): void {
  for (const entry of HAZARDS as readonly Hazard[]) {
    if (entry.category !== category) continue;
    const { id, examples } = entry;
    describe(id, { concurrency: AT_ONCE }, () => {
      for (const example of examples) {
        const { title, reportedBy, alongside = [] } = example;

        test(`${title}: ${said(reportedBy)}`, async (t) => {
          const seen = await show(t, id, example, 'bad');
          if (reportedBy.length === 0) assertShown(entry, seen);
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
}
