/** Every statement in every state: what is sent instead, and what the app's transaction is then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translate, type AppTransaction } from '../../../runtime/src/sqlite/app-transaction.ts';
import { isControl, kindOf } from '../../../runtime/src/sqlite/statement-kind.ts';

const states: Readonly<Record<string, AppTransaction>> = {
  idle: { is: 'idle' },
  begun: { is: 'open', startedBy: 'begin', names: [] },
  'begun, a': { is: 'open', startedBy: 'begin', names: ['a'] },
  'begun, a b a': { is: 'open', startedBy: 'begin', names: ['a', 'b', 'a'] },
  'begun, a b': { is: 'open', startedBy: 'begin', names: ['a', 'b'] },
  'by savepoint, a': { is: 'open', startedBy: 'savepoint', names: ['a'] },
  'by savepoint, a b': { is: 'open', startedBy: 'savepoint', names: ['a', 'b'] },
};

const ROOT = '"savepoint app"';
const undo = [`ROLLBACK TO ${ROOT}`, `RELEASE ${ROOT}`];

/** state, statement, what is sent (or said), state after; a commit is marked. */
const table: readonly (readonly [
  string,
  string,
  readonly string[] | string,
  string?,
  'commits'?,
])[] = [
  ['idle', 'BEGIN', [`SAVEPOINT ${ROOT}`], 'begun'],
  ['idle', 'BEGIN IMMEDIATE', [`SAVEPOINT ${ROOT}`], 'begun'],
  ['begun', 'BEGIN', 'cannot start a transaction within a transaction'],
  ['by savepoint, a', 'BEGIN', 'cannot start a transaction within a transaction'],
  ['idle', 'COMMIT', 'cannot commit - no transaction is active'],
  ['begun', 'COMMIT', [`RELEASE ${ROOT}`], 'idle', 'commits'],
  ['begun, a', 'END', [`RELEASE ${ROOT}`], 'idle', 'commits'],
  ['by savepoint, a b', 'COMMIT', [`RELEASE ${ROOT}`], 'idle', 'commits'],
  ['idle', 'ROLLBACK', 'cannot rollback - no transaction is active'],
  ['begun, a', 'ROLLBACK', undo, 'idle'],
  ['by savepoint, a', 'ROLLBACK', undo, 'idle'],
  ['idle', 'SAVEPOINT A', [`SAVEPOINT ${ROOT}`, 'SAVEPOINT A'], 'by savepoint, a'],
  ['begun', 'SAVEPOINT a', ['SAVEPOINT a'], 'begun, a'],
  ['begun, a b', 'SAVEPOINT a', ['SAVEPOINT a'], 'begun, a b a'],
  ['idle', 'RELEASE a', 'no such savepoint: a'],
  ['begun', 'RELEASE A', 'no such savepoint: A'],
  ['begun, a', 'RELEASE A', ['RELEASE A'], 'begun'],
  ['begun, a b a', 'RELEASE a', ['RELEASE a'], 'begun, a b'],
  ['begun, a b', 'RELEASE a', ['RELEASE a'], 'begun'],
  ['by savepoint, a b', 'RELEASE b', ['RELEASE b'], 'by savepoint, a'],
  ['by savepoint, a b', 'RELEASE a', [`RELEASE ${ROOT}`], 'idle', 'commits'],
  ['idle', 'ROLLBACK TO a', 'no such savepoint: a'],
  ['begun, a b', 'ROLLBACK TO a', ['ROLLBACK TO a'], 'begun, a'],
  ['begun, a b a', 'ROLLBACK TO A', ['ROLLBACK TO A'], 'begun, a b a'],
  ['by savepoint, a b', 'ROLLBACK TO a', ['ROLLBACK TO a'], 'by savepoint, a'],
];

for (const [before, sql, expected, after, commits] of table) {
  test(`${before}: ${sql}`, () => {
    const state = states[before];
    const kind = kindOf(sql);
    assert.ok(state && isControl(kind));
    if (typeof expected === 'string') {
      assert.throws(() => translate(kind, sql, state), { message: expected, code: 'SQLITE_ERROR' });
    } else {
      assert.ok(after);
      assert.deepEqual(translate(kind, sql, state), {
        send: expected,
        next: states[after],
        commits: commits === 'commits',
      });
    }
  });
}

test('names of the sandbox are refused', () => {
  for (const name of ['"savepoint app"', '[SAVEPOINT x]']) {
    const kind = kindOf(`SAVEPOINT ${name}`);
    assert.ok(isControl(kind));
    assert.throws(() => translate(kind, '', { is: 'idle' }), { code: 'ERR_SAVEPOINT_SQLITE_NAME' });
  }
});
