/** What the guide on databases shows runs as it stands, and what it lists is all there is. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { postgres, type PostgresOptions } from 'savepoint/pg';
import { scratchDatabase } from '../../support/database.ts';
import { AS_TAP, namesIn, startNode } from '../../support/node-process.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(join(ROOT, 'docs/guide/databases.md'), 'utf8');

/** What `postgres()` says when it is given the wrong thing. */
function refusalOf(options: object): string {
  try {
    postgres(options);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

/** What the first column of a table says, by the headings of the table. */
function firstColumn(headings: RegExp): string[] {
  const table = guide.slice(guide.search(headings)).split('\n\n')[0] ?? '';
  const rows = table.split('\n').slice(2);
  return rows.flatMap((row) => /^\| `(.+?)`/.exec(row)?.[1] ?? []);
}

test('the options that it lists are those of postgres()', () => {
  const [, known = ''] = /It has: (.+)\.$/.exec(refusalOf({ nonsense: true })) ?? [];
  assert.deepEqual(firstColumn(/^\| option +\|/m).sort(), known.split(', ').sort());
});

test('the libraries that it lists are those that migrate', () => {
  const [, known = ''] = /, with (.+)\.$/.exec(refusalOf({ migrate: 1 })) ?? [];
  const [, told = ''] = /^Libraries are ([^.]+)\./m.exec(guide) ?? [];
  const names = [...told.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  assert.deepEqual(names.sort(), known.split(', ').sort());
});

test('each way to migrate that it lists is one', () => {
  const given: Record<string, PostgresOptions['migrate']> = {
    '{ directory }': { directory: './migrations' },
    "{ directory, with: 'knex', options }": { directory: './m', with: 'knex', options: {} },
    '{ fingerprint, migrate: (client, url) => … }': { fingerprint: '1', migrate: () => undefined },
    '(client, url) => …': () => undefined,
  };
  assert.deepEqual(firstColumn(/^\| `migrate` +\| runs/m).sort(), Object.keys(given).sort());
  for (const migrate of Object.values(given)) assert.ok(postgres({ migrate }));
});

test('its files run as they stand', { timeout: 300_000 }, async (t) => {
  // Where a project of its own would find the packages.
  const folder = mkdtempSync(join(ROOT, 'test/.examples-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const [declaration = '', jobs = ''] = [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code]) => code,
  );
  const files = {
    'package.json': JSON.stringify({ name: 'guide-on-databases', type: 'module' }),
    'migrations/1_jobs.sql': 'create table jobs (id int primary key);',
    'test/db.ts': declaration,
    'test/jobs.test.ts': jobs,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const env = { TEST_DATABASE_URL: await scratchDatabase(t) };
  const run = startNode(['--import=tsx', ...AS_TAP, 'test/jobs.test.ts'], { cwd: folder, env });
  const { exitCode, output } = await run.ended;
  assert.deepEqual([namesIn(output, 'ok').length, exitCode], [1, 0], output);
});
