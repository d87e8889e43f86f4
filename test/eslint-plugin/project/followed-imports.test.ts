/** What a helper in another file makes, holds or passes on is known where it is imported. */
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { projectFolder, reportsIn } from '../support/project-folder.ts';

/** A test that makes something by a helper, uses it and ends it. */
function usesPool(imported: string, make = 'makePool()'): string {
  return `import { test } from 'node:test';
${imported}
test('a', async (t) => { const pool = await ${make}; t.after(() => pool.end()); await pool.query('select 1'); });
`;
}
const fromHelper = usesPool(`import { makePool } from './helper.js';`);
const perTest = ['no-per-test-pool:3'];

const esm = `import { Pool } from 'pg';
export function makePool() { return new Pool(); }
`;
const cjs = `const { Pool } = require('pg');
function makePool() { return new Pool(); }
module.exports = { makePool };
`;

test('an import that ends like a member of every object', async (t) => {
  const folder = await projectFolder(t, {});
  const code = fromHelper.replace('./helper.js', './helper.toString');
  assert.deepEqual(reportsIn(folder, 'a.test.js', code), []);
});

describe('a pool that an imported function makes', () => {
  const cases: Record<string, Record<string, string>> = {
    'a function declaration': { 'helper.js': esm },
    'a constant that is a function': {
      'helper.js': `import pg from 'pg';\nexport const makePool = () => new pg.Pool();`,
    },
    'an async function with a variable': {
      'helper.js': `import { Pool } from 'pg';
export async function makePool() { const pool = new Pool(); pool.on('error', () => {}); await pool.query('select 1'); return pool; }`,
    },
    'a list of exports, renamed': {
      'helper.js': `import { Pool } from 'pg';\nfunction make() { return new Pool(); }\nexport { make as makePool };`,
    },
    'a function of the same file that makes it': {
      'helper.js': `import { Pool } from 'pg';
const options = { max: 1 };
function open(): Pool { return new Pool(options); }
export function makePool() { return open(); }`.replace(': Pool', ''),
    },
    'passed on by name': {
      'helper.js': `export { makePool } from './pools.js';`,
      'pools.js': esm,
    },
    'passed on with everything': { 'helper.js': `export * from './pools.js';`, 'pools.js': esm },
    'passed on by import and export': {
      'helper.js': `import { open } from './pools.js';\nexport const makePool = open;`,
      'pools.js': `import { Pool } from 'pg';\nexport const open = () => new Pool();`,
    },
    'made by a helper of the helper': {
      'helper.js': `import { open } from './pools.js';\nexport function makePool() { return open(); }`,
      'pools.js': `import { Pool } from 'pg';\nexport const open = () => new Pool();`,
    },
    'CommonJS, an object': { 'helper.js': cjs },
    'CommonJS, a property': {
      'helper.js': `const { Pool } = require('pg');\nexports.makePool = () => new Pool();`,
    },
    'CommonJS, a property of module.exports': {
      'helper.js': `const pg = require('pg');\nmodule.exports.makePool = function () { return new pg.Pool(); };`,
    },
    'CommonJS, a method of an object': {
      'helper.js': `const pg = require('pg');\nmodule.exports = { makePool: () => new pg.Pool(), other() {} };`,
    },
    'CommonJS, passed on whole': {
      'helper.js': `module.exports = require('./pools');`,
      'pools.js': cjs,
    },
    'TypeScript written `.js`': {
      'helper.ts': `import { Pool, type PoolConfig } from 'pg';
const config: PoolConfig = { max: 1 };
export async function makePool(): Promise<Pool> { return new Pool(config); }`,
    },
    'TypeScript, import = require and export =': {
      'helper.cts': '',
      'helper.ts': `import pg = require('pg');\nexport = { makePool: (): pg.Pool => new pg.Pool() };`,
    },
    'much else in the file': {
      'helper.js': `import { Pool } from 'pg';
import { other } from './absent.js';
/* { */ const text = \`\${other ? '}' : "{"}\`, pattern = /[/{]"/g
const half = 4 / 2 / 1; // '
export class Other { static { text.length; } }
export default { half }
if (half) { pattern.test('') }
export function makePool() {
  return new Pool()
}
export const last = () => ({})`,
    },
  };
  for (const [name, files] of Object.entries(cases)) {
    test(name, async (t) => {
      const project = await projectFolder(t, files);
      const file = Object.keys(files).some((each) => each.endsWith('ts'))
        ? 'a.test.ts'
        : 'a.test.js';
      assert.deepStrictEqual(reportsIn(project, file, fromHelper), perTest);
    });
  }

  test('every way to import it', async (t) => {
    const project = await projectFolder(t, {
      'helper.cjs': cjs,
      'one.cjs': `const { Pool } = require('pg');\nmodule.exports = () => new Pool();`,
      'lib/index.js': esm,
      'default.js': `import { Pool } from 'pg';\nexport default function () { return new Pool(); }`,
    });
    const ways: readonly [string, string, string?][] = [
      [`import * as helper from './lib/index.js';`, 'helper.makePool()'],
      [`import { makePool as open } from './lib/index.js';`, 'open()'],
      [`import helper from './helper.cjs';`, 'helper.makePool()'],
      [`import { makePool } from './helper.cjs';`, 'makePool()'],
      [`import one from './one.cjs';`, 'one()'],
      [`import one from './default.js';`, 'one()'],
      [`const { makePool } = await import('./lib/index.js');`, 'makePool()'],
      [`const { makePool } = require('./helper.cjs');`, 'makePool()', 'a.test.cjs'],
      [`const helper = require('./helper.cjs');`, 'helper.makePool()', 'a.test.cjs'],
      [`const { makePool } = require('./lib');`, 'makePool()', 'a.test.cjs'],
      [`const makePool = require('./one.cjs');`, 'makePool()', 'a.test.cjs'],
      [`import helper = require('./helper.cjs');`, 'helper.makePool()', 'a.test.ts'],
    ];
    for (const [imported, make, file = 'a.test.js'] of ways) {
      const code = usesPool(imported, make);
      const text = file.endsWith('.cjs')
        ? code.replace(`import { test } from 'node:test'`, `const { test } = require('node:test')`)
        : code;
      assert.deepStrictEqual(reportsIn(project, file, text), perTest, imported);
    }
  });
});

describe('what an imported function answers is not its caller’s', () => {
  const cases: Record<string, string> = {
    'kept for all': `import { Pool } from 'pg';
let pool;
export function makePool() { pool ??= new Pool(); return pool; }`,
    'kept since it was imported': `import { Pool } from 'pg';
const pool = new Pool();
export const makePool = () => pool;`,
    'released by a hook': `import { after } from 'node:test';
import { Pool } from 'pg';
export function makePool() { const pool = new Pool(); after(() => pool.end()); return pool; }`,
    'stored to be released later': `import { afterEach } from 'node:test';
import { Pool } from 'pg';
const pools = [];
afterEach(() => Promise.all(pools.map((pool) => pool.end())));
export function makePool() { const pool = new Pool(); pools.push(pool); return pool; }`,
    'stored by what it calls': `import { Pool } from 'pg';
const pools = new Set();
function remember(pool) { pools.add(pool); globalThis.pools = pool; }
export function makePool() { const pool = new Pool(); remember(pool); return pool; }`,
    'of a database of its own': `import { Pool } from 'pg';
export function makePool(database = \`test_\${process.pid}\`) { return new Pool({ database }); }`,
    'one of two': `import { Pool } from 'pg';
import { fake } from 'fakes';
export function makePool() { if (process.env.CI) return new Pool(); return fake(); }`,
    'a generator’s': `import { Pool } from 'pg';
export function* makePool() { yield new Pool(); return new Pool(); }`,
    'of a function that may be another': `import { Pool } from 'pg';
export let makePool = () => new Pool();
makePool = () => undefined;`,
    'of no module that is known': `import { Pool } from 'swimming';
export function makePool() { return new Pool(); }`,
  };
  for (const [name, helper] of Object.entries(cases)) {
    test(name, async (t) => {
      const project = await projectFolder(t, { 'helper.js': helper });
      assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper), []);
    });
  }

  test('given the context, it may register the release', async (t) => {
    const project = await projectFolder(t, {
      'helper.js': `import { Pool } from 'pg';
export async function makePool(t) { const pool = new Pool(); if (t) t.after(() => pool.end()); return pool; }`,
    });
    const imported = `import { makePool } from './helper.js';`;
    for (const make of [
      'makePool(t)',
      'makePool({ t })',
      'makePool(t.after)',
      'makePool({ ...t })',
    ]) {
      assert.deepStrictEqual(reportsIn(project, 'a.test.js', usesPool(imported, make)), [], make);
    }
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', usesPool(imported)), perTest);
  });
});

describe('what an imported value is', () => {
  const pool = `import { Pool } from 'pg';\nexport const pool = new Pool();`;
  const files = {
    'esm.js': pool,
    'cjs.cjs': `const { Pool } = require('pg');\nconst pool = new Pool();\nmodule.exports = { pool, getPool: () => pool };`,
    'kept.js': `import { Pool } from 'pg';
let pool;
export function getPool() { if (!pool) pool = new Pool(); return pool; }
export async function closePool() { await pool?.end(); pool = undefined; }`,
    'with.js': `import { pool } from './esm.js';
export async function withClient(run) {
  const client = await pool.connect();
  try { return await run(client); } finally { client.release(); }
}`,
    'ended.js': `import { after } from 'node:test';
import { pool } from './esm.js';
import { closePool } from './kept.js';
after(async () => { await closePool(); await pool.end(); });`,
  };
  const dropped: Record<string, string> = {
    'a pool of another file': `import { pool } from './esm.js';
test('a', () => { pool.query('select 1'); });`,
    'a pool of a CommonJS file': `import { pool } from './cjs.cjs';
test('a', () => { pool.query('select 1'); });`,
    'a pool that another file keeps': `import { getPool } from './kept.js';
test('a', () => { getPool().query('select 1'); });`,
    'a variable that holds it': `import { getPool } from './kept.js';
test('a', () => { const pool = getPool(); pool.query('select 1'); });`,
    'a callback’s client': `import { withClient } from './with.js';
test('a', () => withClient(async (client) => { client.query('select 1'); }));`,
  };
  for (const [name, code] of Object.entries(dropped)) {
    test(name, async (t) => {
      const project = await projectFolder(t, files);
      const text = `import { test } from 'node:test';\n${code}\nimport './ended.js';\n`;
      assert.deepStrictEqual(reportsIn(project, 'a.test.js', text), ['no-late-activity:3']);
    });
  }

  test('a client that an imported pool lends', async (t) => {
    const project = await projectFolder(t, files);
    const text = `import { test } from 'node:test';
import { pool } from './esm.js';
test('a', async () => { const client = await pool.connect(); await client.query('x'); client.release(); });
import './ended.js';
`;
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', text), ['require-client-release:3']);
  });

  test('node:test, passed on', async (t) => {
    const project = await projectFolder(t, {
      'setup.js': `export { test, after } from 'node:test';`,
      'whole.js': `export * from './setup.js';`,
      'setup.cjs': `const { it } = require('node:test');\nmodule.exports = { test: it };`,
    });
    for (const from of ['./setup.js', './whole.js', './setup.cjs']) {
      const text = `// Runs under node:test.\nimport { test } from '${from}';
test('a', () => { process.chdir('/tmp'); });`;
      assert.deepStrictEqual(
        reportsIn(project, 'a.test.js', text),
        ['no-unrestored-process-state:3'],
        from,
      );
    }
  });
});

describe('what cannot be followed is left alone', () => {
  test('with the setting off', async (t) => {
    const project = await projectFolder(t, { 'helper.js': esm });
    const off = { followImports: false };
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper, off), []);
    assert.deepStrictEqual(
      reportsIn(project, 'a.test.js', fromHelper, { followImports: true }),
      perTest,
    );
  });

  const cases: Record<string, Record<string, string>> = {
    'no file': {},
    'an empty file': { 'helper.js': '' },
    'half a file': {
      'helper.js': `import { Pool } from 'pg';\nexport function makePool() { return new Pool(`,
    },
    'a file of another language': {
      'helper.js': `import { Pool } from 'pg';\nexport function makePool() { return <Pool>?! }`,
    },
    'no such export': {
      'helper.js': `import { Pool } from 'pg';\nexport function openPool() { return new Pool(); }`,
    },
    binary: { 'helper.js': '\u0000\u0001pg\uffff`${' },
    'only declarations': {
      'helper.d.ts': `import { Pool } from 'pg';\nexport function makePool(): Pool;`,
    },
    data: { 'helper.json': '{}', 'helper.js.json': '{}' },
    'a huge file': { 'helper.js': esm + `/* ${'x'.repeat(300_000)} */` },
    'an export on which too much hangs': {
      'helper.js': `import { Pool } from 'pg';\nexport function makePool() { ${'use(Pool);\n'.repeat(2_000)} return new Pool(); }`,
    },
    'a circle of files': {
      'helper.js': `export { makePool } from './b.js';\nimport 'pg';`,
      'b.js': `export { makePool } from './helper.js';\nimport 'pg';`,
    },
    'a file that passes itself on': { 'helper.js': `export * from './helper.js';\nimport 'pg';` },
    'a circle of functions': {
      'helper.js': `import 'pg';\nimport { other } from './b.js';\nexport function makePool() { return other(); }`,
      'b.js': `import 'pg';\nimport { makePool } from './helper.js';\nexport function other() { return makePool(); }`,
    },
    'too many files': {
      'helper.js': `export { makePool } from './b.js';`,
      'b.js': `export { makePool } from './c.js';`,
      'c.js': `export { makePool } from './d.js';`,
      'd.js': esm,
    },
    'two files that may pass it on': {
      'helper.js': `export * from './b.js';\nexport * from './c.js';`,
      'b.js': esm,
      'c.js': `export const other = 1;`,
    },
  };
  for (const [name, files] of Object.entries(cases)) {
    test(name, async (t) => {
      const project = await projectFolder(t, files);
      assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper), []);
    });
  }

  test('a folder, and a link to nowhere', async (t) => {
    const project = await projectFolder(t, {});
    await mkdir(join(project.path, 'helper.js'));
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper), []);
    await rm(join(project.path, 'helper.js'), { recursive: true });
    await symlink(join(project.path, 'absent'), join(project.path, 'helper.js'));
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper), []);
    await unlink(join(project.path, 'helper.js'));
    await symlink(join(project.path, 'helper.js'), join(project.path, 'helper.js'));
    assert.deepStrictEqual(reportsIn(project, 'a.test.js', fromHelper), []);
  });

  test('a file without a place on the disk', async (t) => {
    const project = await projectFolder(t, { 'helper.js': esm });
    assert.deepStrictEqual(reportsIn({ ...project, path: '' }, 'a.test.js', fromHelper), []);
  });
});

test('a helper that changes between two lints of one process is read anew', async (t) => {
  const project = await projectFolder(t, { 'helper.js': esm });
  const lint = (): string[] => reportsIn(project, 'a.test.js', fromHelper);
  assert.deepStrictEqual(lint(), perTest);
  await project.write({ 'helper.js': esm.replace('pg', 'vg') });
  assert.deepStrictEqual(lint(), []);
  await project.write({ 'helper.js': `export * from './pools.js';`, 'pools.js': esm });
  assert.deepStrictEqual(lint(), perTest);
  await project.write({ 'pools.js': esm.replace('new Pool()', 'undefined') });
  assert.deepStrictEqual(lint(), []);
  await rm(join(project.path, 'pools.js'));
  assert.deepStrictEqual(lint(), []);
});
