/**
 * The watch over plain test files: the risky ones say in comments which hazard must be seen on which
 * line, no more and no less; the clean ones must show none. Results are those of a run without it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isHazardId } from '@savepoint/catalogue';
import { testServer } from '../../support/database.ts';
import { runFixture, type Options } from './run-fixture.ts';

const FIXTURES = new URL('fixtures/', import.meta.url);

for (const [folder, expectation] of [
  ['risky', 'every hazard is seen at its line'],
  ['clean', 'nothing is seen'],
] as const) {
  for (const name of readdirSync(new URL(folder, FIXTURES))) {
    test(`${folder}/${name}: ${expectation}, results are the same`, async () => {
      const file = new URL(`${folder}/${name}`, FIXTURES);
      const source = readFileSync(file, 'utf8');
      const { connectionString } = await testServer();
      const options: Options = {
        environment: { TEST_DATABASE_URL: connectionString },
        leaksAfter: leaksAfter(source),
      };
      const watched = await runFixture(file.pathname, options);
      assert.deepEqual(seen(watched.hazards), expectedIn(source), watched.stdout + watched.stderr);
      assert.ok(watched.finished);
      if (options.leaksAfter === 0) return;
      const alone = await runFixture(file.pathname, { ...options, watched: false });
      assert.deepEqual(watched.results, alone.results);
      assert.equal(watched.exitCode, alone.exitCode);
    });
  }
}

test('the risky files show every hazard that the watch can see', () => {
  const shown = readdirSync(new URL('risky', FIXTURES)).flatMap((name) =>
    expectedIn(readFileSync(new URL(`risky/${name}`, FIXTURES), 'utf8')),
  );
  assert.deepEqual(
    new Set(shown.map((line) => line.split(' ')[1])),
    new Set([
      'require-client-release',
      'require-pool-end',
      'no-per-test-pool',
      'no-use-after-end',
      'no-inline-teardown',
      'require-awaited-teardown',
      'no-fragile-teardown',
      'no-unrestored-process-state',
      'no-undefined-env-restore',
      'no-fixed-port',
      'no-unclosed-server',
      'no-unrestored-dispatcher',
      'no-late-route',
      'no-concurrent-migrations',
      'no-late-activity',
      'require-pool-error-listener',
      'no-unbounded-wait',
      'no-template-in-use',
      'no-schema-churn-on-live-pool',
      'no-lost-async-context',
      'no-cross-connection-read',
    ]),
  );
});

/** What the comments of a file say, as `line hazard`; several tests may meet the same line. */
function expectedIn(source: string): string[] {
  return source.split('\n').flatMap((text, index) => {
    const [, below, id] = /\/\/ hazard( below)?: (\S+)$/.exec(text) ?? [];
    if (id === undefined) return [];
    assert.ok(isHazardId(id), id);
    return [`${String(index + (below ? 2 : 1))} ${id}`];
  });
}

function seen(
  hazards: readonly { readonly code: string; readonly line: number | undefined }[],
): string[] {
  const lines = new Set(hazards.map(({ code, line }) => `${String(line)} ${code}`));
  return [...lines].sort((one, other) => Number.parseInt(one) - Number.parseInt(other));
}

/** How many results a file reports that leaks by design. */
function leaksAfter(source: string): number | undefined {
  const count = /^\/\/ leaks after: (\d+)$/m.exec(source)?.[1];
  return count === undefined ? undefined : Number(count);
}
