/** The table of limits and what the sandbox says of its own name the same things. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hazard } from '@savepoint/catalogue';
import { LIMITS, NO_LIMITS, type Limit } from '../../../runtime/src/pg/limits.ts';
import * as refusals from '../../../runtime/src/pg/refusals.ts';
import { standby } from '../../../runtime/src/pg/standby.ts';

const limits: readonly Limit[] = LIMITS;
/** Words, and no refusal. */
const HELPERS = ['oneLine'];

test('every refusal is a limit, or the end of a test', () => {
  const named = new Set([...limits.flatMap(({ saidBy = [] }) => saidBy), ...NO_LIMITS]);
  const said = Object.keys({ ...refusals, standby }).filter((name) => !HELPERS.includes(name));
  assert.deepEqual([...named].sort(), said.sort());
});

test('every limit has a name of its own, and a hazard that exists', () => {
  assert.equal(new Set(limits.map(({ id }) => id)).size, limits.length);
  for (const limit of limits) if (limit.hazard) assert.equal(hazard(limit.hazard).id, limit.hazard);
});

test('what is refused says by whom; what is told has a hazard', () => {
  for (const { id, answer, saidBy, hazard: told } of limits) {
    if (answer === 'refuses' || answer === 'notes') assert.ok(saidBy, id);
    if (answer === 'notes') assert.ok(told, id);
  }
});
