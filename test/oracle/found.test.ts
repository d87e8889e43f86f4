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
];

test('programs that once differed see the same for real and in a sandbox', async (t) => {
  const twins = await Twins.open();
  scopeOf(t).defer(() => twins.end());
  for (const [what, program] of FOUND)
    await t.test(what, async () => {
      assert.deepEqual(await twins.compare(program), { is: 'agreed' });
    });
});
