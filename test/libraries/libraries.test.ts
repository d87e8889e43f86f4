/**
 * Every library runs the programme on a database for real and captured in a sandbox: what the app
 * sees is the same, or a refusal by name; and the sandboxed database is what it was.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { runLibrary, type Observation, type Run } from './child.ts';
import { LIBRARIES, type Library } from './libraries.ts';
import { generatePrismaClient } from './prisma/generate.ts';

before(generatePrismaClient);

describe('a library in the sandbox', { concurrency: 2 }, () => {
  for (const [name, library] of Object.entries(LIBRARIES)) {
    test(name, async (t) => {
      const real = await runLibrary(t, name);
      assert.equal(real.exitCode, 0, real.output);
      for (const way of library.ways) {
        await t.test(way, async (t) => {
          const sandboxed = await runLibrary(t, name, way);
          assert.notEqual(sandboxed.exitCode, undefined, `it did not end:\n${sandboxed.output}`);
          compare(library, sandboxed, real);
          assert.deepEqual(sandboxed.after, sandboxed.before);
        });
      }
    });
  }
});

function compare(library: Library, sandboxed: Run, real: Run): void {
  const { rows } = library.programme;
  for (const { title, refused } of rows) {
    const truth = real.rows.get(title);
    const here = sandboxed.rows.get(title);
    assert.ok(truth, real.output);
    assert.ok(here, sandboxed.output);
    if (refused === undefined || truth.seen === undefined || isFailure(truth.seen))
      assert.deepEqual(here.seen, truth.seen, title);
    else assertRefused(library, { title, refused }, here);
  }
  // Who does not expect a refusal may keep a client, and fails for that, too.
  const refusals = rows.filter(({ refused }) => refused).map(({ title }) => title);
  const failed = sandboxed.failed.filter((title) => !refusals.includes(title));
  assert.deepEqual(failed, [], sandboxed.output);
}

function assertRefused(
  { hidesFailedBegin, losesLineOf }: Library,
  { title, refused }: { readonly title: string; readonly refused: string },
  { seen, hazards }: Observation,
): void {
  const told = hazards.find(({ code }) => code === refused);
  assert.ok(told, title);
  assert.match(JSON.stringify(seen), hidesFailedBegin ? /"error"/ : new RegExp(refused), title);
  if (refused !== 'no-nested-checkout') return;
  assert.equal(told.begins || losesLineOf === 'BEGIN', true, `${title}: where it began`);
  assert.equal(told.asks || losesLineOf !== undefined, true, `${title}: where it was asked`);
}

/** A library may refuse by itself what the sandbox would. */
function isFailure(seen: unknown): boolean {
  return Object.hasOwn(Object(seen) as object, 'error');
}
