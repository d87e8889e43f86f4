import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../../runtime/src/pg/progress.ts';

/** A terminal, or none; tells each line that is written. */
function terminal(isTTY: boolean) {
  const lines: string[] = [];
  let wrote: (() => void) | undefined;
  const write = (line: string) => {
    lines.push(line);
    wrote?.();
    return true;
  };
  const firstLine = new Promise<void>((resolve) => (wrote = resolve));
  return { stream: { isTTY, write } as never, lines, firstLine };
}

test('what takes longer than a moment is said, and each step from then on', async () => {
  const { stream, lines, firstLine } = terminal(true);
  const progress = new Progress('migrating', stream, 1);
  progress.say('migrating: 1_users.sql');
  // Its own timer keeps no process alive.
  const awake = setInterval(() => undefined, 1_000);
  await firstLine;
  clearInterval(awake);
  progress.say('migrating: 2_name.sql');
  progress.end();
  assert.deepEqual(lines, [
    'savepoint: migrating: 1_users.sql\n',
    'savepoint: migrating: 2_name.sql\n',
    'savepoint: done\n',
  ]);
});

test('what is over before is not', () => {
  const { stream, lines } = terminal(true);
  const progress = new Progress('migrating', stream);
  progress.say('migrating: 1_users.sql');
  progress.end();
  assert.deepEqual(lines, []);
});

test('where there is no terminal, nothing is said', async () => {
  const silent = terminal(false);
  const loud = terminal(true);
  const progress = new Progress('migrating', silent.stream, 1);
  const other = new Progress('migrating', loud.stream, 1);
  const awake = setInterval(() => undefined, 1_000);
  await loud.firstLine;
  clearInterval(awake);
  progress.say('migrating: 1_users.sql');
  for (const each of [progress, other]) each.end();
  assert.deepEqual(silent.lines, []);
});
