/**
 * One library through the whole programme, as a user's test file would: an app at module level, one
 * line that captures it, tests. What each row saw goes to a file.
 */
import assert from 'node:assert/strict';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import pg from 'pg';
import { LIBRARIES } from './libraries.ts';
import { Missing, RESET, ROWS, type Row } from './programme.ts';

const { LIBRARY = '', WAY, TEST_DATABASE_URL = '', OBSERVATIONS = '' } = process.env;
const open = await LIBRARIES[LIBRARY]?.load();
assert.ok(open, `there is no library "${LIBRARY}"`);
const app = await open(TEST_DATABASE_URL);

if (WAY === 'rollbackEach') {
  assert.ok(app.pool, 'a library without a pool cannot be captured by rollbackEach');
  const { rollbackEach } = await import('savepoint/pg');
  rollbackEach(app.pool);
}

after(() => app.close());

if (WAY === undefined) {
  const cleaner = new pg.Client({ connectionString: TEST_DATABASE_URL });
  before(() => cleaner.connect());
  beforeEach(() => cleaner.query(RESET));
  after(() => cleaner.end());
}

let hazards: string[] = [];
subscribe('savepoint:hazard', (hazard) => void hazards.push((hazard as { code: string }).code));

for (const row of ROWS) {
  test(row.title, { timeout: 20_000 }, async () => {
    hazards = [];
    const seen = await seenBy(row);
    appendFileSync(OBSERVATIONS, `${JSON.stringify({ title: row.title, seen, hazards })}\n`);
  });
}

async function seenBy(row: Row): Promise<unknown> {
  try {
    return await row.run(app);
  } catch (error) {
    if (error instanceof Missing) return undefined;
    throw error;
  }
}

if (WAY !== undefined) {
  describe('tests at once', { concurrency: true }, () => {
    for (const name of ['Ada', 'Bob', 'Cleo', 'Dora', 'Eve', 'Fay', 'Gus', 'Hal']) {
      test(`${name} is alone`, async () => {
        await app.insert(name);
        await app.transaction(async (transaction) => {
          await transaction.insert(`${name} II`);
          assert.deepEqual(await transaction.names(), [name, `${name} II`, 'Root'].sort());
        });
        await assert.rejects(app.insert(name));
        assert.deepEqual(await app.names(), [name, `${name} II`, 'Root'].sort());
      });
    }
  });
}
