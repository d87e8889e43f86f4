/** `rollbackEach` in real test files: hooks, subtests and their ends are node:test's own. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { tempDir } from '../../../runtime/src/process/index.ts';
import { rollbackEach } from '../../../runtime/src/sqlite/index.ts';
import { runFile, type Outcome } from '../support/run-file.ts';

const run = (name: string, env?: NodeJS.ProcessEnv): Map<string, Outcome> =>
  runFile(new URL(`fixtures/${name}.mjs`, import.meta.url), env);

function assertAllPass(outcomes: Map<string, Outcome>): void {
  for (const [title, { ok, report }] of outcomes) assert.ok(ok, `${title}\n${report}`);
}

test('an untouched app in memory: every test rolled back, the handle as it was afterwards', () => {
  const outcomes = run('each');
  assertAllPass(outcomes);
  assert.equal(outcomes.has('is clean after one that skipped itself'), true);
});

test('an untouched app on a file: its bytes are the same afterwards', (t) => {
  const file = join(tempDir(t), 'app.db');
  const env = { APP_DATABASE: file };
  assertAllPass(run('each', env));
  const before = readFileSync(file);
  assertAllPass(run('each', env));
  assert.deepEqual(readFileSync(file), before);
  assert.equal(existsSync(`${file}-journal`), false);
});

test('what a test does to the handle fails that test by name, and the next is clean', () => {
  const outcomes = run('each-misused');
  const expected = {
    'closes it': 'no-use-after-end',
    'closes it in secret': 'no-use-after-end',
    'leaves work': undefined,
    'is clean': undefined,
    'reads on': 'no-late-activity',
    'loses it': 'no-nested-begin',
    'is clean again': undefined,
  };
  for (const [title, code] of Object.entries(expected)) {
    const outcome = outcomes.get(title);
    assert.ok(outcome, title);
    assert.equal(outcome.ok, code === undefined, `${title}\n${outcome.report}`);
    if (code !== undefined)
      assert.match(outcome.report, new RegExp(`\\[${code}\\][^]*each-misused\\.mjs:\\d+`));
  }
});

// node:test keeps one error per hook, so that the first test, which has the handle, fails with them.
test('tests at the same time are refused by the name of the one that has the handle', () => {
  const outcomes = run('each-concurrent');
  for (const title of ['two', 'three']) {
    const outcome = outcomes.get(title);
    assert.equal(outcome?.ok, false);
    assert.match(
      outcome.report,
      /test "at once > (?:two|three)" asks for the handle[^]*while test "at once > one" uses it/i,
    );
  }
});

test('the handle may be closed by its owner once the tests are over, and on a file leaves no trace', (t) => {
  const env = { APP_DATABASE: join(tempDir(t), 'app.db') };
  assertAllPass(run('each-closed', env));
  assertAllPass(run('each-closed', env));
});

test('a beforeEach hook that comes before the sandbox is told so', () => {
  const outcome = run('each-late-call').get('has a hook before its sandbox');
  assert.equal(outcome?.ok, false);
  assert.match(outcome.report, /Call rollbackEach\(\) before that hook/);
});

test('what is no open handle is refused', () => {
  const closed = new Database(':memory:');
  closed.close();
  for (const handle of [undefined, {}, { prepare() {} }, closed]) {
    assert.throws(
      () => {
        rollbackEach(handle as never);
      },
      { code: 'ERR_SAVEPOINT_SQLITE_HANDLE' },
    );
  }
});
