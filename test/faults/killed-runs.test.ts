/** A few of the runs that `npm run test:faults -- --kills 200` kills. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startNode } from '../support/node-process.ts';

const RUN = fileURLToPath(new URL('kills/run.ts', import.meta.url));

const onLinux = { skip: process.platform !== 'linux' && 'what is left is counted in /proc' };

test('runs killed at random moments leave nothing after the next start', onLinux, async () => {
  const { ended } = startNode(['--import', 'tsx', RUN, '--kills', '3']);
  const { exitCode, output } = await ended;
  assert.equal(exitCode, 0, output);
  assert.match(output, /^left: (\w+ 0(, |$))+$/m);
});
