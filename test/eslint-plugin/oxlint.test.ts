/** oxlint runs the same rules through its own parser and scopes, and reports the same. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';

/** Shapes that the catalogue's examples do not have: CommonJS, helpers, settings, unusual imports. */
const more: Record<string, string> = {
  'commonjs.test.cjs': `const { test, after } = require('node:test');
const { Pool } = require('pg');
const pool = new Pool();
after(() => { pool.end(); });
async function first() { const client = await pool.connect(); await client.query('select 1'); client.release(); }
test('a', async (t) => { process.env.A = '1'; await first(); });
`,
  'undeclared-require.test.js': `const test = require('node:test');
const undici = require('undici');
test('a', () => { undici.setGlobalDispatcher(new undici.MockAgent()); });
`,
  'dynamic.test.mjs': `import { createRequire } from 'node:module';
const { it, beforeEach } = await import('node:test');
const require = createRequire(import.meta.url);
const { Pool } = require('pg');
const { chdir } = process.getBuiltinModule('process');
let pool;
beforeEach(() => { pool = new Pool(); chdir('/tmp'); });
it('a', async () => { await pool.query('drop table a'); await pool.end(); });
`,
  'helper.ts': `import type { TestContext } from 'node:test';
import fastify from 'fastify';
export async function start(t: TestContext, port = 0) {
  const app = fastify();
  t.after(() => { app.close(); });
  await app.listen({ port: 3052 });
  return app;
}
`,
  'settings.test.js': `import { test } from '#test';
import { openStore } from '#store';
test('a', (t) => { const store = openStore(); t.after(() => store.shut()); });
`,
};

const settings = {
  savepoint: {
    testModules: ['#test'],
    resources: [
      {
        module: '#store',
        export: 'openStore',
        kind: 'pool',
        acquiredBy: 'call',
        releasedBy: ['shut'],
      },
    ],
  },
};

interface Place {
  readonly file: string;
  readonly rule: string;
  readonly line: number;
  readonly message: string;
}

test('oxlint reports what ESLint reports', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'savepoint-oxlint-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const files = { ...more, ...examples() };
  for (const [file, code] of Object.entries(files)) await writeFile(join(folder, file), code);

  const expected = Object.entries(files).flatMap(([file, code]) => byEslint(file, code));
  assert.deepStrictEqual(sorted(await byOxlint(folder)), sorted(expected));
  for (const file of Object.keys(more)) {
    assert.ok(
      expected.some((place) => place.file === file),
      `${file} shows nothing`,
    );
  }
});

function examples(): Record<string, string> {
  return Object.fromEntries(
    HAZARDS.flatMap((entry: Hazard) =>
      entry.examples.flatMap(({ file, bad, good }, index) => [
        [`${entry.id}-${index}-bad.${file}`, bad],
        [`${entry.id}-${index}-good.${file}`, good],
      ]),
    ),
  );
}

function byEslint(file: string, code: string): Place[] {
  const config: Linter.Config[] = [
    { ...savepoint.configs.strict, settings, files: ['**/*.{js,mjs,cjs,ts,mts,cts}'] },
    { files: ['**/*.{ts,mts,cts}'], languageOptions: { parser: tseslint.parser } },
  ];
  return new Linter().verify(code, config, { filename: file }).map(({ ruleId, line, message }) => ({
    file,
    rule: ruleId ?? 'none',
    line,
    message,
  }));
}

interface Diagnostics {
  readonly diagnostics: readonly {
    readonly message: string;
    readonly code: string;
    readonly filename: string;
    readonly labels: readonly { readonly span: { readonly line: number } }[];
  }[];
}

async function byOxlint(folder: string): Promise<Place[]> {
  const config = join(folder, '.oxlintrc.json');
  await writeFile(
    config,
    JSON.stringify({
      categories: { correctness: 'off' },
      jsPlugins: [
        {
          name: 'savepoint',
          specifier: fileURLToPath(import.meta.resolve('eslint-plugin-savepoint')),
        },
      ],
      settings,
      rules: savepoint.configs.strict.rules,
    }),
  );
  const { diagnostics } = await oxlint(['--config', config, '--format', 'json', folder], folder);
  return diagnostics.map(({ code, filename, labels, message }) => ({
    file: filename,
    rule: code.replace(/^(.*)\((.*)\)$/, '$1/$2'),
    line: labels[0]?.span.line ?? 0,
    message,
  }));
}

async function oxlint(args: readonly string[], cwd: string): Promise<Diagnostics> {
  const manifest = createRequire(import.meta.url).resolve('oxlint/package.json');
  const bin = join(manifest, '..', 'bin', 'oxlint');
  const output = await new Promise<string>((resolve, reject) => {
    // A report makes the exit code 1; only output that is no report is a failure.
    execFile(process.execPath, [bin, ...args], { cwd }, (error, stdout, stderr) => {
      if (stdout.includes('"diagnostics"')) resolve(stdout);
      else reject(new Error(stdout + stderr, { cause: error }));
    });
  });
  return JSON.parse(output) as Diagnostics;
}

function sorted(places: readonly Place[]): string[] {
  return places
    .map(({ file, line, rule, message }) => `${file}:${line} ${rule} ${message}`)
    .toSorted();
}
