/** The plugin under ESLint's own commands: editors, caches, threads, suppressions, bad settings. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { HAZARDS, type Hazard } from '@savepoint/catalogue';
import type { ESLint } from 'eslint';
import { projectFolder } from './support/project-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const require = createRequire(import.meta.url);
const VERSIONS = ['eslint', 'eslint9'].map((name) => {
  const manifest = require.resolve(`${name}/package.json`);
  const { version } = require(manifest) as { version: string };
  return { version, bin: join(manifest, '../bin/eslint.js') };
});

const config = (settings = '') => `import savepoint from 'eslint-plugin-savepoint';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig([
  { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } },
  { files: ['**/*.{js,mjs,cjs,ts,mts,cts}'], plugins: { savepoint }, extends: ['savepoint/strict'], ${settings} },
]);
`;

const RISKY = `import { test } from 'node:test';
test('a', () => {
  process.env.LEVEL = 'debug';
});
`;

/** Some of the catalogue's risky examples, as a project has them. */
const examples = Object.fromEntries(
  HAZARDS.filter((entry: Hazard) => entry.linter)
    .slice(0, 12)
    .flatMap((entry: Hazard) =>
      entry.examples.map(({ file, bad }, index) => [`test/${entry.id}-${index}.${file}`, bad]),
    ),
);

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

for (const { version, bin } of VERSIONS) {
  function eslint(cwd: string, args: readonly string[], input = ''): Outcome {
    const options = {
      cwd,
      input,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    } as const;
    return spawnSync(process.execPath, [bin, ...args], options);
  }

  function reports(cwd: string, args: readonly string[], input = ''): string[] {
    const { stdout, stderr } = eslint(cwd, ['--format', 'json', ...args], input);
    assert.ok(stdout.startsWith('['), stderr);
    return (JSON.parse(stdout) as ESLint.LintResult[]).flatMap(({ filePath, messages }) =>
      messages.map(
        ({ ruleId, line }) => `${filePath.replace(`${cwd}/`, '')}:${line} ${String(ruleId)}`,
      ),
    );
  }

  async function project(
    t: Parameters<typeof projectFolder>[0],
    files: Readonly<Record<string, string>> = examples,
    settings = '',
  ): Promise<string> {
    const { path } = await projectFolder(t, { ...files, 'eslint.config.mjs': config(settings) });
    symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
    return path;
  }

  describe(`ESLint ${version}`, () => {
    test('an editor hands over text that is not on the disk yet', async (t) => {
      const cwd = await project(t, {});
      const args = ['--stdin', '--stdin-filename', 'test/a.test.js'];
      assert.deepStrictEqual(reports(cwd, args, RISKY), [
        'test/a.test.js:3 savepoint/no-unrestored-process-state',
      ]);
      assert.deepStrictEqual(reports(cwd, args, RISKY.replace('node:test', 'vitest')), []);
      assert.deepStrictEqual(reports(cwd, args, ''), []);
    });

    test('--cache: a second run reads it, and reports the same', async (t) => {
      const cwd = await project(t);
      const args = ['--cache', '--cache-location', 'cache.json', '.'];
      const first = reports(cwd, args);
      assert.ok(first.length > 0);
      assert.ok(existsSync(join(cwd, 'cache.json')));
      // What the cache says of a file is believed as long as the file is the same.
      const cache = readFileSync(join(cwd, 'cache.json'), 'utf8');
      assert.deepStrictEqual(reports(cwd, args), first);
      const forged = cache.replaceAll('savepoint/no-', 'savepoint/on-');
      assert.notEqual(forged, cache);
      writeFileSync(join(cwd, 'cache.json'), forged);
      assert.deepStrictEqual(
        reports(cwd, args),
        first.map((report) => report.replace('savepoint/no-', 'savepoint/on-')),
      );
    });

    test('--concurrency: two threads report what one does', async (t) => {
      const cwd = await project(t);
      const one = reports(cwd, ['.']);
      assert.ok(one.length > 0);
      assert.deepStrictEqual(reports(cwd, ['--concurrency', '2', '.']), one);
    });

    test('--suppress-all holds what is there, new ones are told, --prune-suppressions forgets', async (t) => {
      const cwd = await project(t, { 'test/a.test.js': RISKY });
      assert.equal(eslint(cwd, ['.']).status, 1);
      eslint(cwd, ['--suppress-all', '.']);
      const suppressed = readFileSync(join(cwd, 'eslint-suppressions.json'), 'utf8');
      assert.match(suppressed, /savepoint\/no-unrestored-process-state/);
      assert.equal(eslint(cwd, ['.']).status, 0);

      const more = RISKY.replace('test(', "test('b', () => process.chdir('/tmp'));\ntest(");
      writeFileSync(join(cwd, 'test/a.test.js'), more);
      assert.equal(eslint(cwd, ['.']).status, 1);

      writeFileSync(join(cwd, 'test/a.test.js'), '');
      assert.equal(eslint(cwd, ['.']).status, 2, 'an unused suppression is told');
      eslint(cwd, ['--prune-suppressions', '.']);
      assert.equal(eslint(cwd, ['.']).status, 0);
      const left = readFileSync(join(cwd, 'eslint-suppressions.json'), 'utf8');
      assert.deepStrictEqual(JSON.parse(left), {});
    });

    test('a directive in a comment is obeyed, and an unused one is told', async (t) => {
      const directive = '// eslint-disable-next-line savepoint/no-unrestored-process-state\n';
      const obeyed = RISKY.replace('  process', `${directive}  process`);
      const unused = obeyed.replace("process.env.LEVEL = 'debug'", 'process.env.LEVEL');
      const cwd = await project(t, { 'a.test.js': obeyed, 'b.test.js': unused });
      const args = ['--report-unused-disable-directives-severity', 'error', '.'];
      assert.deepStrictEqual(reports(cwd, args), ['b.test.js:3 null']);
    });

    test('a setting of the wrong shape ends the run with the path of its key', async (t) => {
      const settings = `settings: { savepoint: { resources: [{ module: 'a', export: 'b', kind: 'puddle' }] } }`;
      const cwd = await project(t, { 'a.test.js': RISKY }, settings);
      const { status, stderr } = eslint(cwd, ['.']);
      assert.equal(status, 2);
      assert.match(
        stderr,
        /settings\.savepoint\.resources\[0\]\.kind must be one of pool, client, .*, not "puddle"/,
      );
    });

    test('a CommonJS config', async (t) => {
      const cwd = await project(t, { 'a.test.js': RISKY });
      const text = `const savepoint = require('eslint-plugin-savepoint').default;
module.exports = [savepoint.configs.recommended];
`;
      writeFileSync(join(cwd, 'eslint.config.cjs'), text);
      const found = reports(cwd, ['--config', 'eslint.config.cjs', 'a.test.js']);
      assert.deepStrictEqual(found, ['a.test.js:3 savepoint/no-unrestored-process-state']);
    });

    test('--print-config: a config that can be written down', async (t) => {
      const cwd = await project(t, {});
      const { stdout, stderr } = eslint(cwd, ['--print-config', 'a.test.js']);
      assert.match(stdout, /"savepoint\/no-fixed-port": \[\s*2/, stderr);
    });
  });
}
