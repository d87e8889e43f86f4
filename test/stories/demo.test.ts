/** `npm run demo` keeps what the README says of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { isHazardId } from '@savepoint/catalogue';

test('both detectors see at least ten hazards, and the safe tests are green', () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const demo = spawnSync(process.execPath, ['--import', 'tsx', 'docs/example/demo.ts'], {
    encoding: 'utf8',
    env,
  });
  assert.equal(demo.status, 0, demo.stdout + demo.stderr);

  const rows = demo.stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) => line.split('│').map((cell) => cell.trim()))
    .filter(([, id = '']) => isHazardId(id));
  const seenByBoth = rows.filter(([, , source, inRun]) => source && inRun);
  assert.ok(seenByBoth.length >= 10, demo.stdout);

  const [before, after] = [...demo.stdout.matchAll(/^ {2}(?:before|after) +(.*)$/gm)].map(
    ([, rows]) => rows,
  );
  assert.ok(before, 'the rows are counted');
  assert.equal(after, before);
  const inserted = /"inserted":(\d+)/.exec(demo.stdout)?.[1];
  assert.ok(Number(inserted) > 0, 'the safe tests do write to PostgreSQL');
});
