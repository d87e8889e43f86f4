/** Two clients that set, lock and make temporary tables as it comes: each sees its own, as for real. */
import { test } from 'node:test';
import fc from 'fast-check';
import { Twins, type Step } from './support/twins.ts';

const STATEMENTS = [
  'SET work_mem = 1111',
  'SET work_mem = 2222',
  'SET LOCAL work_mem = 3333',
  'RESET work_mem',
  'SHOW work_mem',
  "SELECT set_config('datestyle', 'german', false)",
  "SELECT set_config('datestyle', 'sql', true)",
  'SHOW datestyle',
  'RESET ALL',
  'CREATE TEMP TABLE own (n int)',
  'CREATE TEMP TABLE IF NOT EXISTS own (n int) ON COMMIT DELETE ROWS',
  'INSERT INTO own VALUES (1), (2)',
  'SELECT count(*) FROM own',
  'DROP TABLE own',
  'SELECT pg_try_advisory_lock(1)',
  'SELECT pg_try_advisory_lock_shared(1)',
  'SELECT pg_try_advisory_xact_lock(1) AS locked',
  'SELECT pg_advisory_unlock(1)',
  'SELECT pg_advisory_unlock_shared(1)',
  'SELECT pg_try_advisory_lock(-1, 2)',
  'SELECT pg_advisory_unlock(-1, 2)',
  'SELECT pg_advisory_unlock_all()',
  'SELECT 1 / 0',
];

/** Left behind by one program, it would be there for the next. */
const CLEAN: readonly Step[] = (['a', 'b'] as const).flatMap((on) =>
  ['RESET ALL', 'DROP TABLE IF EXISTS own', 'SELECT pg_advisory_unlock_all()'].map((sql) => ({
    on,
    sql,
  })),
);

/** What one client does before the other does something, in a transaction or not. */
const block = fc
  .record({
    on: fc.constantFrom('a' as const, 'b' as const),
    statements: fc.array(fc.constantFrom(...STATEMENTS, 'SAVEPOINT s', 'ROLLBACK TO s'), {
      minLength: 1,
      maxLength: 4,
    }),
    around: fc.constantFrom([], [], ['BEGIN', 'COMMIT'], ['BEGIN', 'ROLLBACK']),
  })
  .map(({ on, statements, around: [begin = [], end = []] }): Step[] =>
    [begin, statements, end].flat().map((sql) => ({ on, sql })),
  );

test('random programs of two clients see the same for real and in a sandbox', async (t) => {
  const twins = await Twins.open(t);
  await fc.assert(
    fc.asyncProperty(fc.array(block, { minLength: 2, maxLength: 8 }), async (blocks) => {
      await twins.agreeOn([...blocks.flat(), ...CLEAN]);
    }),
    { numRuns: 80 },
  );
});
