/** `rollbackEach` on an app's own pool, in test files run as users run theirs. */
import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import pg from 'pg';
import { rollbackEach } from 'savepoint/pg';
import { runFiles, type Run } from './support/test-files.ts';

/** Runs a file and then a clean one; whatever happened in the first, the run ends and the second is clean. */
async function runThenClean(t: TestContext, file: string): Promise<Run> {
  const run = await runFiles(t, file, 'clean');
  assert.notEqual(run.exitCode, undefined, `the run did not end by itself:\n${run.output}`);
  assert.ok(run.passed.includes('the next file is clean'), run.output);
  assert.equal(run.rowsLeft, 0, 'rows were left in the database');
  return run;
}

describe('tests that do right pass, and leave nothing', () => {
  const FILES = {
    serial: 'one after another, with an app that commits',
    subtests: 'subtests are part of their parents',
    'suite-only': 'in a suite, and only there',
    seeding: 'hooks seed what all tests see and none can spoil',
    concurrent: 'at the same time, all with the same key',
    'after-file': 'with a hook that cleans up after them',
  };
  for (const [file, what] of Object.entries(FILES)) {
    test(what, async (t) => {
      const run = await runThenClean(t, file);
      assert.deepEqual(run.failed, [], run.output);
      assert.equal(run.exitCode, 0);
    });
  }
});

describe('tests that do wrong are told by name', () => {
  /** By file: the tests that fail, what the output says, and the test after them that passes. */
  const FILES: Record<
    string,
    {
      readonly failed: readonly string[];
      readonly says: readonly RegExp[];
      readonly passes: string;
    }
  > = {
    leak: {
      failed: ['leaks a client'],
      says: [/\[require-client-release\]\n *acquired at: .*leak\.mjs:9:/],
      passes: 'follows the leak',
    },
    timeout: {
      failed: ['times out in a statement', 'times out between statements'],
      says: [
        /statement was still waiting .*"times out in a statement" ended\. \[no-late-activity\]\n.*\n.*used at: .*timeout\.mjs:9:/,
        /the zombie was told: no-zombie-test by Test "times out between statements" had timed out/,
      ],
      passes: 'follows the time-outs',
    },
    'throwing-hook': {
      failed: [
        'meets the hook',
        'with a hook that throws',
        'has a release that throws',
        'never begins',
        'with a beforeEach that throws',
      ],
      says: [
        /hook of test ".*meets the hook" threw.*\[no-fragile-teardown\]\n.*\n.*used at: .*throwing-hook\.mjs:9:/,
        /hook of test "has a release that throws" threw.*\[no-fragile-teardown\]\n.*\n.*used at: .*throwing-hook\.mjs:17:/,
        /the beforeEach threw/,
      ],
      passes: 'follows the hooks',
    },
    'ends-pool': {
      failed: ['ends the shared pool', 'ends it and looks away'],
      says: [
        /\[no-use-after-end\]\n.*\n.*used at: .*ends-pool\.mjs:9:/,
        /\[no-use-after-end\]\n.*\n.*used at: .*ends-pool\.mjs:13:/,
      ],
      passes: 'follows the end',
    },
    'ends-pool-early': {
      failed: ['comes after the end'],
      says: [
        /\[no-use-after-end\]\n *acquired at: .*ends-pool-early\.mjs:8:.*\n *used at: .*app\.mjs:/,
      ],
      passes: 'works',
    },
    late: {
      failed: [],
      says: [
        /the poller was told: no-late-activity by Test "starts a poller" had ended/,
        /used at: .*late\.mjs:13:/,
      ],
      passes: 'runs while the poller polls',
    },
    escape: {
      failed: ['escapes'],
      says: [/\[no-nested-begin\]\n.*\n.*used at: .*escape\.mjs:21:/],
      passes: 'follows the escape',
    },
    killed: {
      failed: ['loses its connection'],
      says: [
        /connection of test "loses its connection" was lost: terminating connection due to administrator command/,
      ],
      passes: 'follows the loss',
    },
    outside: {
      failed: ['is asked at the wrong time'],
      says: [/ERR_SAVEPOINT_NO_TEST/, /outside\.mjs:9:/],
      passes: 'is asked at the right time',
    },
  };
  for (const [file, { failed, says, passes }] of Object.entries(FILES)) {
    test(file, async (t) => {
      const run = await runThenClean(t, file);
      assert.deepEqual(run.failed.toSorted(), failed.toSorted(), run.output);
      for (const pattern of says) assert.match(run.output, pattern);
      assert.ok(run.passed.includes(passes), run.output);
      assert.equal(run.exitCode, failed.length === 0 ? 0 : 1);
    });
  }
});

const shop = new pg.Pool({ host: '127.0.0.1', database: 'shop', password: 'hunter2' });
after(() => shop.end());

test('a pool on a database that does not look like a test database is refused at once', () => {
  assert.throws(
    () => {
      rollbackEach(shop);
    },
    (error: Error) => {
      assert.match(
        error.message,
        /127\.0\.0\.1:5432\/shop does not look like a test database.*allowDatabase: "shop"/,
      );
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    },
  );
  assert.equal(shop.totalCount, 0);
});
