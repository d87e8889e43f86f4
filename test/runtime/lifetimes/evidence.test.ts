/** What stands in the evidence file, and when. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { HazardError, type TestIdentity } from '../../../runtime/src/hazard-error.ts';
import { EvidenceWriter } from '../../../runtime/src/lifetimes/evidence.ts';
import { traceOf } from '../../../runtime/src/trace.ts';

const at = (line: number) => traceOf(`Error\n    at f (/app/a.test.js:${String(line)}:3)`);
const values = { test: 'test "a"' };

function writerTo(t: TestContext, blame: () => TestIdentity | undefined = () => undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'savepoint-evidence-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'evidence.jsonl');
  const read = () =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const writer = new EvidenceWriter(path, blame);
  t.after(() => writer.close());
  return { path, read, writer };
}

test('a hazard is written when it is made, with everything a reader needs', (t) => {
  const { writer, read } = writerTo(t);
  writer.open();
  new HazardError('require-client-release', {
    values,
    acquired: at(1),
    used: at(2),
    expected: 'by the end of test "a"',
    test: { name: 'a', file: '/app/a.test.js' },
  });
  const [{ at: time, ...line } = {}] = read();
  assert.deepEqual(line, {
    code: 'require-client-release',
    message: 'A client was still checked out when test "a" ended.',
    test: 'a',
    file: '/app/a.test.js',
    acquired: { file: '/app/a.test.js', line: 1, column: 3 },
    used: { file: '/app/a.test.js', line: 2, column: 3 },
    expected: 'by the end of test "a"',
    pid: process.pid,
  });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

test('a hazard that names no test is that of the test which is running', (t) => {
  const { writer, read } = writerTo(t, () => ({ name: 'runs', file: '/app/b.test.js' }));
  writer.open();
  new HazardError('require-client-release', { values });
  assert.deepEqual(
    read().map(({ test, file, acquired, used, expected }) => [
      test,
      file,
      acquired,
      used,
      expected,
    ]),
    [['runs', '/app/b.test.js', null, null, null]],
  );
});

test('the same hazard of the same test and line is written once', (t) => {
  const { writer, read } = writerTo(t);
  writer.open();
  for (const line of [1, 1, 2])
    new HazardError('require-client-release', { values, acquired: at(line) });
  new HazardError('require-client-release', {
    values,
    acquired: at(1),
    test: { name: 'b', file: undefined },
  });
  assert.equal(read().length, 3);
  assert.equal(writer.hazards.length, 3);
});

test('nothing is written before tests run; what was seen by then is written first', (t) => {
  const { writer, read, path } = writerTo(t);
  new HazardError('require-client-release', { values, acquired: at(1) });
  assert.ok(!existsSync(path));
  writer.open();
  writer.finish();
  assert.deepEqual(
    read().map(({ code, event }) => code ?? event),
    ['require-client-release', 'finished'],
  );
});
