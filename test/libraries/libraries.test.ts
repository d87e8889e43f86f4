/**
 * Every library runs the programme on a database for real and captured in a sandbox: what the app
 * sees is the same, or a refusal by name; and the sandboxed database is what it was.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runLibrary, type Run } from './child.ts';
import { LIBRARIES } from './libraries.ts';
import { generatePrismaClient } from './prisma/generate.ts';
import { ROWS } from './programme.ts';

before(generatePrismaClient);

describe('a library in the sandbox', { concurrency: 2 }, () => {
  for (const [library, { ways }] of Object.entries(LIBRARIES)) {
    test(library, async (t) => {
      const real = await runLibrary(t, library);
      assert.equal(real.exitCode, 0, real.output);
      for (const way of ways) {
        await t.test(way, async (t) => {
          const sandboxed = await runLibrary(t, library, way);
          assert.notEqual(sandboxed.exitCode, undefined, `it did not end:\n${sandboxed.output}`);
          compare(sandboxed, real);
          assert.deepEqual(sandboxed.after, sandboxed.before);
        });
      }
    });
  }
});

function compare(sandboxed: Run, real: Run): void {
  for (const { title, refused } of ROWS) {
    const truth = real.seen.get(title);
    const seen = sandboxed.seen.get(title);
    assert.ok(sandboxed.seen.has(title), sandboxed.output);
    if (refused === undefined || truth === undefined) assert.deepEqual(seen, truth, title);
    else assert.match(JSON.stringify(seen), new RegExp(refused), title);
  }
  // Who does not expect a refusal may keep a client, and fails for that, too.
  const refusals = ROWS.filter(({ refused }) => refused).map(({ title }) => title);
  const failed = sandboxed.failed.filter((title) => !refusals.includes(title));
  assert.deepEqual(failed, [], sandboxed.output);
}
