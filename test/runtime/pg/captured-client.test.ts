/** Under `--import savepoint/rollback`: single clients, and what an app does while it is loaded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setEnv } from 'savepoint/process';
import { runFiles } from './support/test-files.ts';

const PRELOAD = { NODE_OPTIONS: '--import=savepoint/rollback' };

const RIGHT = {
  'single-client': "a client that was connected once is every test's own",
  'start-up-writes': 'what an app writes while it is loaded, tests find and cannot spoil',
  'start-up-reads': 'what an app only reads while it is loaded keeps no test waiting',
};

for (const [file, what] of Object.entries(RIGHT)) {
  test(what, async (t) => {
    setEnv(t, PRELOAD);
    const run = await runFiles(t, file);
    assert.deepEqual(run.failed, [], run.output);
    assert.ok(run.passed.length > 1, run.output);
    assert.equal(run.exitCode, 0, run.output);
    assert.equal(run.rowsLeft, 0, 'rows were left in the database');
  });
}

test('a process without tests is told that there is no sandbox for it', async (t) => {
  setEnv(t, PRELOAD);
  const run = await runFiles(t, 'no-tests');
  assert.match(run.output, /ERR_SAVEPOINT_NO_TEST/);
  assert.equal(run.exitCode, 1);
});
