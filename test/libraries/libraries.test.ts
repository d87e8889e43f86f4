/**
 * Every library runs the programme on a database for real and captured in a sandbox: what the app
 * sees is the same, or a refusal by name; and the sandboxed database is what it was.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runLibrary, type Run } from './child.ts';
import { LIBRARIES } from './libraries.ts';
import { generatePrismaClient } from './prisma/generate.ts';
import type { Row } from './programme.ts';

before(generatePrismaClient);

describe('a library in the sandbox', { concurrency: 2 }, () => {
  for (const [library, { programme, ways, hidesFailedBegin }] of Object.entries(LIBRARIES)) {
    test(library, async (t) => {
      const real = await runLibrary(t, library);
      assert.equal(real.exitCode, 0, real.output);
      for (const way of ways) {
        await t.test(way, async (t) => {
          const sandboxed = await runLibrary(t, library, way);
          assert.notEqual(sandboxed.exitCode, undefined, `it did not end:\n${sandboxed.output}`);
          compare(programme.rows, sandboxed, real, hidesFailedBegin === true);
          assert.deepEqual(sandboxed.after, sandboxed.before);
        });
      }
    });
  }
});

function compare(
  rows: readonly Row<never>[],
  sandboxed: Run,
  real: Run,
  hidesRefusal: boolean,
): void {
  for (const { title, refused } of rows) {
    const truth = real.rows.get(title);
    const here = sandboxed.rows.get(title);
    assert.ok(truth, real.output);
    assert.ok(here, sandboxed.output);
    if (refused === undefined || truth.seen === undefined) {
      assert.deepEqual(here.seen, truth.seen, title);
    } else {
      assert.ok(here.hazards.includes(refused), title);
      assert.match(JSON.stringify(here.seen), hidesRefusal ? /"error"/ : new RegExp(refused));
    }
  }
  // Who does not expect a refusal may keep a client, and fails for that, too.
  const refusals = rows.filter(({ refused }) => refused).map(({ title }) => title);
  const failed = sandboxed.failed.filter((title) => !refusals.includes(title));
  assert.deepEqual(failed, [], sandboxed.output);
}
