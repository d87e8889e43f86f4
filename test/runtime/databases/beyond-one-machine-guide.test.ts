/** What the guide on several machines shows and says in numbers is as the code has it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { postgres } from 'savepoint/pg';

const guide = readFileSync(
  new URL('../../../docs/guide/beyond-one-machine.md', import.meta.url),
  'utf8',
);
const SOURCES = fileURLToPath(new URL('../../../runtime/src/', import.meta.url));

/** By the constant that the row of a lost machine stands for. */
const KEEP_ALIVE = { 'connection-settings': '8 s', maintenance: '90 s' };

for (const [file, seconds] of Object.entries(KEEP_ALIVE)) {
  test(`a lost machine holds its part for ${seconds} (${file})`, () => {
    const source = readFileSync(join(SOURCES, `pg/${file}.ts`), 'utf8');
    const [, idle, interval, count] =
      /KEEP_ALIVE = \{ idle: (\d+), interval: (\d+), count: (\d+) \}/.exec(source) ?? [];
    assert.equal(`${String(Number(idle) + Number(interval) * Number(count))} s`, seconds);
    assert.match(guide, new RegExp(`\\| ${seconds} `));
  });
}

test('options that the guide shows are options', () => {
  assert.ok(guide.includes("migrate: { directory: './migrations' }"));
  postgres({
    connectionString: 'postgres://app@h/app_test',
    migrate: { directory: './migrations' },
  });
});
