// What belongs to the whole process is lent to one test and put back with it.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { chdir, setEnv, tempDir } from 'savepoint/process';

const home = process.cwd();

test('a test has its own directory and environment', (t) => {
  chdir(t, tempDir(t));
  setEnv(t, { TAG_LIMIT: '3', HOME: undefined });

  assert.deepEqual(readdirSync('.'), []);
  assert.equal(process.env.TAG_LIMIT, '3');
  assert.ok(!('HOME' in process.env));
});

test('the next test has neither', () => {
  assert.equal(process.cwd(), home);
  assert.ok(!('TAG_LIMIT' in process.env));
});
