/** When the releases of a test run, however the test ends; measured on a plain test file. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILE = fileURLToPath(new URL('fixtures/releases.mjs', import.meta.url));

const { stdout, stderr, status } = spawnSync(process.execPath, ['--test-reporter=tap', FILE], {
  cwd: ROOT,
  encoding: 'utf8',
  env: { ...process.env, NODE_TEST_CONTEXT: undefined },
});
const events = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Record<string, string[]>;
/** Node before 24 runs no `afterEach` for a test that skips itself. */
const EACH_AFTER_SKIP = Number.parseInt(process.versions.node) >= 24 ? ['afterEach'] : [];

const EXPECTED: Record<string, readonly string[]> = {
  passes: [
    'afterEach',
    'its own hook',
    'another',
    'release b',
    'released b',
    'release a',
    'released a',
  ],
  fails: ['afterEach', 'release a', 'released a'],
  'a release throws': [
    'afterEach',
    'release c',
    'released c',
    'release b',
    'released b',
    'release a',
    'released a',
  ],
  'several releases throw': [
    'afterEach',
    'release c',
    'released c',
    'release b',
    'released b',
    'release a',
    'released a',
  ],
  'times out': ['afterEach', 'release a', 'released a'],
  'skips itself': [...EACH_AFTER_SKIP, 'release a', 'released a'],
  'an earlier hook throws': ['afterEach', 'release b', 'released b', 'release a', 'released a'],
  'a later hook throws': ['afterEach', 'release a', 'released a'],
  'the body throws, then a later hook': ['afterEach', 'release a', 'released a'],
  'an uncaught error': ['afterEach', 'release a', 'released a'],
  'with subtests': ['body', 'afterEach', 'release outer', 'released outer'],
  'with subtests > inner': ['body', 'afterEach', 'release inner', 'released inner'],
  'at the same time > one': ['afterEach', 'release one', 'released one'],
  'at the same time > two': ['afterEach', 'release two', 'released two'],
  'takes in vain': [
    'afterEach',
    'released again',
    'test "takes in vain" ended while its resource was being acquired; it was released again',
  ],
  'takes after another test has ended': [
    'TypeError: test "takes after another test has ended > ended" has ended; nothing can be acquired in its scope',
    'afterEach',
  ],
  'in a suite > wrong contexts': [...Array<string>(6).fill('TypeError'), 'afterEach'],
};

for (const [name, expected] of Object.entries(EXPECTED)) {
  test(`${name}: every release runs once, last in first out, after the hooks`, () => {
    assert.deepEqual(events[name], expected, stdout);
  });
}

test('a release that throws fails its test, and no other', () => {
  const failed = [...stdout.matchAll(/^ *not ok \d+ - (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(failed, [
    'fails',
    'a release throws',
    'several releases throw',
    'times out',
    'an earlier hook throws',
    'a later hook throws',
    'the body throws, then a later hook',
    'an uncaught error',
  ]);
  assert.match(stdout, /cannot release b/);
  assert.match(
    stdout,
    /2 releases of test "several releases throw" failed:\s+cannot release c\s+cannot release a/,
  );
  assert.doesNotMatch(stderr, /cannot release/);
  assert.equal(status, 1);
});

test('a hook that throws is named once, with its line where node:test tells it', () => {
  const warnings = stderr.split(/^\(node:\d+\) /m);
  const placesOf = (name: string) =>
    warnings
      .filter((warning) => warning.includes(`hook of test "${name}" threw`))
      .map((warning) => /used at: .*releases\.mjs:(\d+)/.exec(warning)?.[1]);
  const lines = readFileSync(FILE, 'utf8').split('\n');
  const lineAfter = (name: string) => {
    const start = lines.findIndex((line) => line.includes(`test('${name}'`));
    return String(lines.findIndex((line, at) => at > start && line.includes('of the hook')) + 1);
  };
  for (const name of ['an earlier hook throws', 'a later hook throws']) {
    assert.deepEqual(placesOf(name), [lineAfter(name)], stderr);
  }
  // The failure of the body is all that is kept of this one.
  assert.deepEqual(placesOf('the body throws, then a later hook'), [undefined], stderr);
});
