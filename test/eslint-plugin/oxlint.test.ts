/** oxlint runs the same rules through its own parser and scopes, and reports the same. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import tseslint from 'typescript-eslint';
import { oxlint } from '../support/oxlint.ts';
import { projectFolder } from './support/project-folder.ts';
import { readMarks, tablesOf, type RuleTable } from './support/rule-table.ts';

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

test('every example of the catalogue, and shapes they do not have', async (t) => {
  const { reports } = await compared(t, { ...more, ...examples() }, settings);
  for (const file of Object.keys(more)) {
    assert.ok(
      reports.some((report) => report.startsWith(file)),
      `${file} shows nothing`,
    );
  }
});

test('every file of the tables of all rules', async (t) => {
  const folder = new URL('rules/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.test.ts'));
  const tables = await tablesOf(names.map((name) => new URL(name, folder)));
  assert.deepStrictEqual(
    [...new Set(tables.map(({ id }) => id))].toSorted(),
    Object.keys(savepoint.rules).toSorted(),
    'each rule has a table',
  );
  for (const [own, files] of bySettings(tables)) {
    await compared(t, files, JSON.parse(own) as Linter.Config['settings']);
  }
});

/** Lints the same files with both. @throws AssertionError when their reports differ */
async function compared(
  t: Parameters<typeof projectFolder>[0],
  files: Readonly<Record<string, string>>,
  given: Linter.Config['settings'],
): Promise<{ readonly reports: readonly string[] }> {
  const { path } = await projectFolder(t, files);
  const { diagnostics, failed } = await oxlint(path, given);
  assert.equal(failed, undefined);
  const reports = Object.entries(files).flatMap(([file, code]) =>
    byEslint(join(path, file), code, given).map((report) => `${file}${report}`),
  );
  const others = diagnostics.map(
    ({ code = 'none', filename, labels, message }) =>
      `${filename}:${labels[0]?.span.line ?? 0} ${code.replace(/^(.*)\((.*)\)$/, '$1/$2')} ${message}`,
  );
  assert.deepStrictEqual(others.toSorted(), reports.toSorted());
  return { reports };
}

function byEslint(path: string, code: string, given: Linter.Config['settings']): string[] {
  const config: Linter.Config[] = [
    {
      ...savepoint.configs.strict,
      settings: given ?? {},
      files: ['**/*.{js,mjs,cjs,ts,mts,cts}'],
      linterOptions: { reportUnusedDisableDirectives: 'off' },
    },
    { files: ['**/*.{ts,mts,cts}'], languageOptions: { parser: tseslint.parser } },
  ];
  return new Linter({ cwd: '/' })
    .verify(code, config, { filename: path })
    .map(({ ruleId, line, message }) => `:${line} ${ruleId ?? 'none'} ${message}`);
}

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

const ENDINGS = { esm: 'mjs', cjs: 'cjs', ts: 'mts' };

/** The files of the tables, by the settings they want, as JSON. */
function bySettings(tables: readonly RuleTable[]): Map<string, Record<string, string>> {
  const groups = new Map<string, Record<string, string>>();
  for (const { id, valid, invalid } of tables) {
    for (const [index, { code, language, settings: own }] of [...valid, ...invalid].entries()) {
      const key = JSON.stringify(own ?? {});
      const files = groups.get(key) ?? {};
      groups.set(key, files);
      files[`${id}-${index}.test.${ENDINGS[language ?? 'esm']}`] = readMarks(code).text;
    }
  }
  return groups;
}
