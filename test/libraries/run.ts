/**
 * One library through its whole programme, as a user's test file would: an app at module level, one
 * line that captures it, tests. What each row saw goes to a file.
 */
import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import type { HazardError } from 'savepoint';
import { LIBRARIES } from './libraries.ts';
import type { Told, Way } from './library.ts';
import { Missing } from './outcome.ts';

const { LIBRARY = '', WAY, TEST_DATABASE_URL = '', OBSERVATIONS = '' } = process.env;
const library = LIBRARIES[LIBRARY];
assert.ok(library, `there is no library "${LIBRARY}"`);
const open = await library.load();
const subject = await open(TEST_DATABASE_URL, WAY as Way | undefined);
const { rows, reset, alone } = library.programme;

if (WAY === 'rollbackEach') {
  assert.ok(subject.pool, 'a library without a pool cannot be captured by rollbackEach');
  const { rollbackEach } = await import('savepoint/pg');
  rollbackEach(subject.pool);
}

after(() => subject.close());

if (WAY === undefined) {
  const cleaner = new pg.Client({ connectionString: TEST_DATABASE_URL });
  before(() => cleaner.connect());
  beforeEach(() => cleaner.query(reset));
  after(() => cleaner.end());
}

let hazards: Told[] = [];
subscribe('savepoint:hazard', (hazard) => {
  const { code, acquired, used } = hazard as HazardError;
  hazards.push({ code, begins: acquired?.place !== undefined, asks: used?.place !== undefined });
});

for (const { title, run } of rows) {
  test(title, { timeout: 20_000 }, async () => {
    hazards = [];
    const seen = await run(subject as never).catch(unlessMissing);
    appendFileSync(OBSERVATIONS, `${JSON.stringify({ title, seen, hazards })}\n`);
  });
}

if (WAY !== undefined && alone) {
  describe('tests at once', { concurrency: true }, () => {
    for (const name of ['Ada', 'Bob', 'Cleo', 'Dora', 'Eve', 'Fay', 'Gus', 'Hal']) {
      test(`${name} is alone`, () => alone(subject as never, name));
    }
  });
}

function unlessMissing(error: unknown): undefined {
  if (!(error instanceof Missing)) throw error;
}
