// Alone each test passes. Together, the second runs in the directory and the environment of the first.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';

test('reads its settings from the environment', () => {
  process.env.TAG_LIMIT = '3';
  process.chdir(tmpdir());
  assert.equal(Number(process.env.TAG_LIMIT), 3);
});

test('finds the project', () => {
  assert.ok(existsSync('package.json'), `not in ${process.cwd()}`);
});
