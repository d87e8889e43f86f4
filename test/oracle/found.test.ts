/** Programs that random ones were reduced to when the sandbox differed; it must not do so again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeOf } from '../../runtime/src/test-scope.ts';
import type { Program } from './program.ts';
import { Twins } from './twins.ts';

const FOUND: readonly (readonly [what: string, program: Program])[] = [
  [
    'a cursor on SET LOCAL outside of a block warns when it is read, and not before',
    [
      { on: 'a', cursor: 'SET LOCAL work_mem = 1000', reads: [] },
      { on: 'a', cursor: 'SET LOCAL work_mem = 1000', reads: [1] },
      { on: 'a', cursor: 'SET CONSTRAINTS ALL DEFERRED', reads: [] },
    ],
  ],
  [
    'a cursor on SET LOCAL of a parameter that there is not',
    [
      { on: 'a', cursor: 'SET LOCAL nosuch = 1', reads: [] },
      { on: 'a', cursor: 'SET LOCAL nosuch = 1', reads: [1] },
      { on: 'c', sql: 'SET work_mem = 1111' },
    ],
  ],
  [
    'several statements in a cursor fail, and the transaction with them',
    [
      { on: 'a', sql: 'BEGIN READ ONLY' },
      { on: 'a', cursor: 'BEGIN; BEGIN', reads: [] },
      { on: 'a', sql: 'SELECT 1' },
    ],
  ],
  [
    'a lock of a transaction ends with a text that gives back another one',
    [
      {
        on: 'a',
        sql: 'SELECT pg_try_advisory_xact_lock_shared(1); SELECT pg_advisory_unlock(1, 2)',
      },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)' },
    ],
  ],
  [
    'what a text prepared before it failed is its client’s',
    [
      { on: 'a', sql: 'PREPARE p AS SELECT 1 AS n; SELECT 1 / 0' },
      { on: 'a', sql: 'EXECUTE p' },
      { on: 'a', sql: 'DEALLOCATE ALL' },
      { on: 'a', sql: 'EXECUTE p' },
    ],
  ],
  [
    'a text that listens and notifies hears itself',
    [{ on: 'a', sql: "LISTEN news; SELECT pg_notify('news', 'x' || 1)" }],
  ],
];

test('programs that once differed see the same for real and in a sandbox', async (t) => {
  const twins = await Twins.open();
  scopeOf(t).defer(() => twins.end());
  for (const [what, program] of FOUND)
    await t.test(what, async () => {
      assert.deepEqual(await twins.compare(program), { is: 'agreed' });
    });
});
