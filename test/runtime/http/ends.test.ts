/** How tests with a client end under node:test itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFile } from '../support/run-file.ts';

test('each fault fails its own test by name, and the file comes to its end', () => {
  const outcomes = runFile(new URL('fixtures/ends.mjs', import.meta.url));
  const expected = {
    'work goes on in the surroundings of its test': undefined,
    'the next one sees it done': undefined,
    'background work fails':
      /GET \/fails-later failed: mail server down[^]*ERR_SAVEPOINT_WAIT_UNTIL/,
    'a request hangs': /the request GET \/hangs \(.*ends\.mjs:\d+:\d+\)[^]*\[no-late-activity\]/,
    'a client outlives its test':
      /after test "work goes on [^]*\[no-late-activity\][^]*ends\.mjs:\d+/,
    'a route comes late':
      /"GET \/late" was added after the app's first request[^]*\[no-late-route\]/,
    'all is well': undefined,
  };
  assert.deepEqual([...outcomes.keys()], Object.keys(expected));
  for (const [title, report] of Object.entries(expected)) {
    const outcome = outcomes.get(title);
    assert.equal(outcome?.ok, report === undefined, `${title}\n${outcome?.report ?? ''}`);
    if (report) assert.match(outcome.report, report);
  }
});
