/** Where something happened, read from stacks as V8, loaders and other systems write them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { captureTrace, formatPlace, isOwnFile, traceOf } from '../../runtime/src/trace.ts';

const FILE = fileURLToPath(import.meta.url);
const OWN = fileURLToPath(new URL('../../runtime', import.meta.url));

test('the place is the line of the caller', () => {
  const before = Number(/test\.ts:(\d+)/.exec(new Error().stack ?? '')?.[1]);
  const { place, frames } = captureTrace();
  assert.deepEqual([place?.file, place?.line], [FILE, before + 1]);
  assert.match(frames[0] ?? '', /^at TestContext\.<anonymous> \(/);
});

test('the depth of stacks stays what it was', () => {
  const before = Error.stackTraceLimit;
  captureTrace();
  assert.equal(Error.stackTraceLimit, before);
});

const FRAMES: readonly (readonly [frame: string, place: string | undefined])[] = [
  ['at /app/a.js:1:2', '/app/a.js:1:2'],
  ['at file:///app/a%20b.mjs:10:20', '/app/a b.mjs:10:20'],
  ['at f (/app/a.js:1:2)', '/app/a.js:1:2'],
  ['at async f (file:///app/a.mjs:1:2)', '/app/a.mjs:1:2'],
  ['at new Foo (/app/a.js:1:2)', '/app/a.js:1:2'],
  ['at async TestContext.<anonymous> (/app/a.test.ts:3:4)', '/app/a.test.ts:3:4'],
  ['at Object.f [as g] (/app/a.js:1:2)', '/app/a.js:1:2'],
  ['at f (C:\\app\\a.js:1:2)', 'C:\\app\\a.js:1:2'],
  ['at node:internal/process/task_queues:95:5', undefined],
  ['at Test.run (node:internal/test_runner/test:797:9)', undefined],
  ['at f (/app/node_modules/pg/lib/client.js:1:2)', undefined],
  ['at f (C:\\app\\node_modules\\pg\\lib\\client.js:1:2)', undefined],
  [`at f (${join(OWN, 'dist/use.js')}:1:2)`, undefined],
  [`at f (${join(OWN, 'src/watch/wrap.ts')}:1:2)`, undefined],
  ['at Array.map (<anonymous>)', undefined],
  ['at async Promise.all (index 0)', undefined],
  ['at native', undefined],
];

for (const [frame, expected] of FRAMES) {
  test(`${frame} is ${expected ?? "no place of the user's"}`, () => {
    const { place } = traceOf(`Error: at home (/not/a/frame.js:1:2)\n    ${frame}`);
    assert.equal(place && formatPlace(place), expected);
  });
}

test('the innermost of the frames that are the user’s is the place', () => {
  const { frames, place } = traceOf(
    [
      'Error',
      'at query (/app/node_modules/pg/lib/client.js:1:2)',
      'at inner (/app/a.js:1:2)',
      'at outer (/app/b.js:3:4)',
    ].join('\n    '),
  );
  assert.deepEqual(frames, ['at inner (/app/a.js:1:2)', 'at outer (/app/b.js:3:4)']);
  assert.deepEqual(place, { file: '/app/a.js', line: 1, column: 2 });
});

test('sources that a package maps to and does not ship are passed over', () => {
  const { frames, place } = traceOf(
    [
      'Error',
      `at PostgresQueryRunner.query (${join(OWN, '../src/driver/PostgresQueryRunner.ts')}:1:2)`,
      `at TestContext.<anonymous> (${FILE}:3:4)`,
    ].join('\n    '),
  );
  assert.deepEqual(frames, [`at TestContext.<anonymous> (${FILE}:3:4)`]);
  assert.deepEqual(place, { file: FILE, line: 3, column: 4 });
});

test('files of savepoint are told from all others', () => {
  assert.ok(isOwnFile(join(OWN, 'dist/test-scope.js')));
  assert.ok(!isOwnFile(FILE));
  assert.ok(!isOwnFile(undefined));
});
