/**
 * The stories the project exists for: the failure first, seen by the linter and by the runtime
 * under the same names, then the repair, green. The guide's chapters show what is asserted here.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { HAZARDS, type HazardId } from '@savepoint/catalogue';
import pg from 'pg';
import { format } from 'prettier';
import { tempDir } from 'savepoint/process';
import { schema } from '../../docs/example/src/postgres-store.ts';
import { scratchDatabase } from '../support/database.ts';
import { lint, type Report, type Run, runUnderWatch } from '../support/detectors.ts';

interface Story {
  readonly chapter: string;
  readonly folder: string;
  /** What both detectors must see in the risky file. */
  readonly seenByBoth: readonly HazardId[];
}

const STORIES: readonly Story[] = [
  {
    chapter: 'docs/guide/1-the-client-that-never-came-back.md',
    folder: 'docs/example/stories/1-client',
    seenByBoth: ['no-concurrent-migrations', 'no-use-after-end', 'require-client-release'],
  },
  {
    chapter: 'docs/guide/2-a-transaction-for-every-test.md',
    folder: 'docs/example/stories/2-transaction',
    seenByBoth: ['no-concurrent-migrations', 'no-per-test-pool', 'no-unrestored-process-state'],
  },
  {
    chapter: 'docs/guide/3-module-scope-is-not-what-you-think.md',
    folder: 'docs/example/stories/3-scope',
    seenByBoth: ['no-concurrent-migrations', 'no-fixed-port', 'no-unrestored-process-state'],
  },
];

async function migrated(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(schema);
  } finally {
    await client.end();
  }
  return connectionString;
}

const codes = (reports: readonly Report[]) => new Set(reports.map(({ code }) => code));

for (const { chapter, folder, seenByBoth } of STORIES) {
  describe(chapter, () => {
    const risky = join(folder, 'risky.test.ts');
    const repaired = join(folder, 'repaired.test.ts');

    test('the failure is seen by both detectors, under the same names', async (t) => {
      const DATABASE_URL = await migrated(await scratchDatabase(t));
      const [linted, run] = await Promise.all([
        lint([risky]),
        runUnderWatch(risky, join(tempDir(t), 'risky.jsonl'), { DATABASE_URL }),
      ]);

      assert.notEqual(run.exitCode, 0, 'the risky file fails, or never ends');
      const inRun = codes(run.reports);
      const both = [...codes(linted)].filter((code) => inRun.has(code)).sort();
      assert.deepEqual(both, seenByBoth, run.output);
      const seen = await format(table(linted, run), { parser: 'markdown' });
      assertChapterShows(chapter, risky, seen.trim());
    });

    test('the repair is green, and nobody reports it', async (t) => {
      const run = await runUnderWatch(repaired, join(tempDir(t), 'repaired.jsonl'), {});

      assert.equal(run.exitCode, 0, run.output);
      assert.deepEqual(run.reports, []);
      assert.deepEqual(await lint([repaired]), []);
    });
  });
}

/** What the chapter shows of the two detectors: one row per hazard, in catalogue order. */
function table(linted: readonly Report[], run: Run): string {
  const rows = HAZARDS.flatMap(({ id }) => {
    const inSource = linted.find(({ code }) => code === id);
    const inRun = run.reports.find(({ code }) => code === id);
    if (!inSource && !inRun) return [];
    const line = inSource ? `line ${inSource.line ?? '?'}` : '';
    return [
      `| [\`${id}\`](../rules/${id}.md) | ${line} | ${inRun?.message.split('\n')[0]?.replace(/ \[[\w-]+\]$/, '') ?? ''} |`,
    ];
  });
  return ['| hazard | the linter points at | the runtime says |', '|---|---|---|', ...rows].join(
    '\n',
  );
}

/** With `UPDATE_GUIDE=1` writes the table into the chapter instead. */
function assertChapterShows(chapter: string, risky: string, seen: string): void {
  const text = readFileSync(chapter, 'utf8');
  const marker = `<!-- seen: ${risky} -->\n`;
  const start = text.indexOf(marker);
  assert.notEqual(start, -1, `${chapter} has no ${marker}`);
  const end = text.indexOf('\n<!-- /seen -->', start);
  assert.notEqual(end, -1, `${chapter} has no <!-- /seen -->`);
  const shown = text.slice(start + marker.length, end).trim();
  if (process.env.UPDATE_GUIDE) {
    writeFileSync(chapter, `${text.slice(0, start + marker.length)}\n${seen}\n${text.slice(end)}`);
  } else {
    assert.equal(shown, seen, `run the stories with UPDATE_GUIDE=1 to renew ${chapter}`);
  }
}
