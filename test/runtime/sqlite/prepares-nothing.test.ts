/** A text without a statement makes Node 22 crash later: not where savepoint is in use. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const skip = process.getBuiltinModule('node:sqlite') ? false : 'this Node has no node:sqlite';

test(
  'statements that hold nothing answer as Node’s own, and the process ends well',
  { skip },
  () => {
    const file = fileURLToPath(new URL('fixtures/prepares-nothing.mjs', import.meta.url));
    const { status, signal, stdout } = spawnSync(process.execPath, ['--no-warnings', file], {
      encoding: 'utf8',
      // Within a test run node:test would take the file for a part of it.
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    assert.deepEqual({ status, signal }, { status: 0, signal: null }, stdout);
  },
);
