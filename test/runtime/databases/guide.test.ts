/** What the guide on several machines shows and says in numbers is as the code has it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { postgres } from 'savepoint/pg';

const PAGE = fileURLToPath(new URL('../../../docs/guide/beyond-one-machine.md', import.meta.url));
const guide = readFileSync(PAGE, 'utf8');
const SOURCES = fileURLToPath(new URL('../../../runtime/src/', import.meta.url));

test('links of the guide lead somewhere', () => {
  const links = [...guide.matchAll(/\]\((\.\.?\/[^)#]+)\)/g)].map(([, link = '']) => link);
  assert.ok(links.length > 1);
  for (const link of links) assert.ok(existsSync(join(dirname(PAGE), link)), link);
});

test('errors that the guide names exist', () => {
  const names = new Set([...guide.matchAll(/ERR_SAVEPOINT_\w+/g)].map(([name]) => name));
  const sources = ['maintenance', 'standby', 'refusals', 'template'].map((name) =>
    readFileSync(join(SOURCES, `pg/${name}.ts`), 'utf8'),
  );
  assert.ok(names.size > 2);
  for (const name of names) assert.ok(sources.join('').includes(name), name);
});

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
