/** Nobody's random choice: every single step, and every pair with what begins, ends or divides a transaction: what the app sees is the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRIVERS } from '../runtime/sqlite/drivers.ts';
import { formatProgram, type Program, type Step } from './program.ts';
import { callsWith, statementsOf, type Having } from './programs.ts';
import { havingAt, Twins } from './twins.ts';

const CONTROLS = statementsOf(['transactions', 'savepoints']).filter((sql) => !sql.includes('; '));

for (const driver of DRIVERS)
  for (const place of ['memory', 'clone', 'watched'] as const)
    test(`${driver.name}, ${place}: single steps and pairs see the same`, async () => {
      const twins = new Twins(driver, place);
      try {
        for (const program of pairs(havingAt({ driver, place })))
          assert.equal((await twins.compare(program)).is, 'agreed', formatProgram(program));
      } finally {
        twins.end();
      }
    });

function* pairs(having: Having): Generator<Program> {
  const statements = statementsOf(['transactions', 'savepoints', 'deferred', 'failing']);
  const steps: readonly Step[] = [
    ...statements.map((sql): Step => ({ is: 'sql', sql, way: 'run' })),
    ...(having.calls ? callsWith(having) : []).map((name): Step => ({ is: 'call', name })),
  ];
  for (const step of steps) {
    yield [step];
    for (const sql of CONTROLS) yield [{ is: 'sql', sql, way: 'exec' }, step];
  }
}
