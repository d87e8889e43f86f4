/** Projects of those who use savepoint hold with the compilers that they are on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tempDir } from 'savepoint/process';
import { fromRegistry } from '../support/from-registry.ts';

const ROOT = join(import.meta.dirname, '../..');

const COMPILERS = {
  'TypeScript 6': () => Promise.resolve(join(ROOT, 'node_modules/typescript/bin/tsc')),
  'TypeScript 7': async () =>
    join(await fromRegistry('typescript-7', 'typescript@7'), 'node_modules/typescript/bin/tsc'),
};

const STRICT = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
};
const RESOLUTIONS: Readonly<Record<string, object>> = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

const CONFIG = `import savepoint from 'eslint-plugin-savepoint';
import { defineConfig } from 'eslint/config';

export default defineConfig([
  { files: ['test/**'], plugins: { savepoint }, extends: ['savepoint/recommended'] },
  { files: ['test/**'], extends: [savepoint.configs.strict] },
  { settings: { savepoint: { idiom: 'savepoint' } } },
]);
`;
const TEST = `import { test } from 'node:test';
import { Hono } from 'hono';
import pg from 'pg';
import { use } from 'savepoint';
import { client } from 'savepoint/http';
import { postgres, rollbackEach } from 'savepoint/pg';
import { setEnv, tempDir } from 'savepoint/process';
import { sqlite } from 'savepoint/sqlite';

const pool = new pg.Pool();
rollbackEach(pool);
const db = postgres({ migrate: './migrations' });
const file = sqlite({ migrate: 'CREATE TABLE users (id integer PRIMARY KEY)' });
const app = new Hono().get('/users', (c) => c.json([{ id: 1 }]));

test('all entry points', async (t) => {
  setEnv(t, { LEVEL: tempDir(t) });
  const { rows } = await (await db.rollback(t)).query<{ id: number }>('SELECT id FROM users');
  const handle = await file.clone(t);
  const changes: number | bigint = handle.prepare('DELETE FROM users').run().changes;
  const own: pg.Pool = await use(t, () => new pg.Pool());
  const users = await (await client(t, app).users.$get()).json();
  const ids: number[] = [...users, ...rows].map(({ id }) => id);
  // @ts-expect-error -- a test is what everything is released with
  setEnv({ LEVEL: 'debug' });
  return void [changes, own, ids];
});
`;

for (const [name, compiler] of Object.entries(COMPILERS)) {
  describe(name, () => {
    for (const [resolution, options] of Object.entries(RESOLUTIONS)) {
      test(`a config and a test file are sound by the resolution ${resolution}`, async (t) => {
        const project = tempDir(t);
        symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
        const files = {
          'package.json': '{ "type": "module" }',
          'tsconfig.json': JSON.stringify({
            compilerOptions: { ...STRICT, ...options },
            include: ['eslint.config.ts', 'test'],
          }),
          'eslint.config.ts': CONFIG,
          'test/users.test.ts': TEST,
        };
        await mkdir(join(project, 'test'));
        for (const [path, text] of Object.entries(files))
          await writeFile(join(project, path), text);
        const checked = spawnSync(process.execPath, [await compiler(), '--project', project], {
          encoding: 'utf8',
        });
        assert.deepEqual([checked.stdout, checked.stderr, checked.status], ['', '', 0]);
      });
    }
  });
}
