/** What is started by a test ends with it: how that is looked after. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { tempDir } from 'savepoint/process';
import { projectWith, startTests } from '../runtime/databases/test-run.ts';
import { leftIn } from '../support/machine.ts';
import { startNode } from '../support/node-process.ts';

test('who waits for words of a process hears that it was killed', async () => {
  const { process: child, prints } = startNode([
    '-e',
    'console.log("here"); setTimeout(() => {}, 600_000)',
  ]);
  await prints(/here/);
  const words = prints(/never said/);
  child.kill('SIGKILL');
  await assert.rejects(words, /the process ended without it:\nhere/);
});

/** Its runner is stopped meanwhile, so that it reads the report of the beginning and the words at once. */
const SPEAKS = `
import { test } from 'node:test';
test('speaks', async () => {
  process.kill(process.ppid, 'SIGSTOP');
  await new Promise(setImmediate);
  console.error('here');
  process.kill(process.ppid, 'SIGCONT');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
});
`;
const whereRunnersCanBeStopped = { skip: process.platform === 'win32' && 'there is no SIGSTOP' };

test('what a file of a run says is heard while it goes on', whereRunnersCanBeStopped, async (t) => {
  const own = await projectWith(t, { 'file.test.mjs': SPEAKS });
  await startTests(t, own).prints(/here/);
});

const onLinux = { skip: process.platform !== 'linux' && 'who works in a folder is seen in /proc' };

test('who goes on in a folder is found and ended', onLinux, async (t) => {
  const folder = tempDir(t);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600_000)'], { cwd: folder });
  const ended = once(child, 'exit');
  assert.match((await leftIn(folder, 0)).join('\n'), new RegExp(`^${String(child.pid)} .*600_000`));
  assert.deepEqual(await ended, [null, 'SIGKILL']);
  assert.deepEqual(await leftIn(folder), []);
});
