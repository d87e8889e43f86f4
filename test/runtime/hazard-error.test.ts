/** What a hazard says when it is thrown, and to whom else. */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { hazard } from '@savepoint/catalogue';
import { HazardError } from '../../runtime/src/hazard-error.ts';
import { traceOf } from '../../runtime/src/trace.ts';

const at = (line: number) => traceOf(`Error\n    at f (/app/a.test.js:${String(line)}:3)`);
const { remedy } = hazard('require-client-release');

test('says what happened, where, what should have been, and what to do', () => {
  const error = new HazardError('require-client-release', {
    values: { test: 'test "adds a tag"' },
    acquired: at(1),
    used: at(2),
    expected: 'by the end of test "adds a tag"',
  });
  assert.equal(
    error.message,
    [
      'A client was still checked out when test "adds a tag" ended. [require-client-release]',
      '  acquired at: /app/a.test.js:1:3',
      '  used at: /app/a.test.js:2:3',
      '  should have been released: by the end of test "adds a tag"',
      `  what to do: ${remedy}`,
      '  more: savepoint explain require-client-release',
    ].join('\n'),
  );
  assert.ok(error instanceof Error);
  assert.equal(error.name, 'HazardError');
  assert.equal(error.code, 'require-client-release');
});

test('leaves out what is not known', () => {
  const cause = new Error('of the driver');
  const error = new HazardError('require-client-release', {
    happened: 'a client of the suite was kept.',
    remedy: 'Give it back.',
    acquired: traceOf(''),
    cause,
  });
  assert.equal(
    error.message,
    [
      'A client of the suite was kept. [require-client-release]',
      '  what to do: Give it back.',
      '  more: savepoint explain require-client-release',
    ].join('\n'),
  );
  assert.equal(error.cause, cause);
});

test('a value that the message names and nobody gave is an error of the caller', () => {
  assert.throws(
    () => new HazardError('require-client-release'),
    /no value for the placeholder {{test}}/,
  );
});

test('is published when it is made, complete', () => {
  const seen: unknown[] = [];
  const listen = (error: unknown) => seen.push(Object.assign({}, error));
  subscribe('savepoint:hazard', listen);
  const error = new HazardError('require-client-release', {
    values: { test: 'test "a"' },
    test: { name: 'a', file: '/app/a.test.js' },
  });
  unsubscribe('savepoint:hazard', listen);
  assert.deepEqual(seen, [Object.assign({}, error)]);
  assert.deepEqual(error.test, { name: 'a', file: '/app/a.test.js' });
});
