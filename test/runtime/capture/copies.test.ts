/** A project with a copy of `pg` of its own, beside the one that savepoint finds. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { use } from '../../../runtime/src/use.ts';
import { testServer } from '../../support/database.ts';
import { AS_TAP, namesIn, startNode } from '../../support/node-process.ts';
import { PRELOAD } from './run-captured.ts';

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const RUNTIME = fileURLToPath(new URL('../../../runtime', import.meta.url));

/** What a copy of pg is made of. */
const PG = [
  ...['pg', 'pg-connection-string', 'pg-pool', 'pg-protocol', 'pg-types', 'pgpass', 'split2'],
  ...['pg-int8', 'postgres-array', 'postgres-bytea', 'postgres-date', 'postgres-interval', 'xtend'],
];

/** A folder with these files, and with packages of its own. */
async function projectWith(
  t: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'savepoint-copies-'));
  const folder = await use(
    t,
    () => realpath(made),
    (path) => rm(path, { recursive: true }),
  );
  const modules = join(folder, 'node_modules');
  await mkdir(modules);
  await symlink(RUNTIME, join(modules, 'savepoint'), 'junction');
  for (const name of PG)
    await cp(join(MODULES, name), join(modules, name), { recursive: true, dereference: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

/** Runs one test file in such a project. */
async function run(t: TestContext, files: Readonly<Record<string, string>>) {
  const cwd = await projectWith(t, files);
  const { connectionString } = await testServer();
  const { output } = await startNode([...PRELOAD, ...AS_TAP, 'app.test.mjs'], {
    cwd,
    env: { TEST_DATABASE_URL: connectionString },
  }).ended;
  assert.deepEqual(namesIn(output, 'not ok'), [], output);
  return namesIn(output, 'ok');
}

test('pools of another copy of pg are sandboxed, with the type parsers of that copy', async (t) => {
  const passed = await run(t, {
    'app.test.mjs': `
      import assert from 'node:assert/strict';
      import { test } from 'node:test';
      import pg from 'pg';

      pg.types.setTypeParser(20, (value) => 'big ' + value);
      const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });

      test('writes', async () => {
        await pool.query('CREATE TABLE copies (n bigint)');
        await pool.query('INSERT INTO copies VALUES (1)');
        const { rows } = await pool.query('SELECT n FROM copies');
        assert.equal(rows[0].n, 'big 1');
        assert.ok(pool instanceof pg.Pool);
      });
      test('finds nothing', async () => {
        await assert.rejects(pool.query('SELECT n FROM copies'), { code: '42P01' });
      });
    `,
  });
  assert.deepEqual(passed, ['writes', 'finds nothing']);
});

test('pools of pg.native are refused by name', async (t) => {
  const passed = await run(t, {
    // What libpq does is not asked for.
    'node_modules/pg-native/index.js': 'module.exports = class { on() {} };',
    'app.test.mjs': `
      import assert from 'node:assert/strict';
      import { test } from 'node:test';
      import pg from 'pg';

      const pool = new pg.native.Pool({ connectionString: process.env.TEST_DATABASE_URL });
      test('asks', () => assert.rejects(pool.query('SELECT 1'), { code: 'ERR_SAVEPOINT_NATIVE' }));
    `,
  });
  assert.deepEqual(passed, ['asks']);
});
