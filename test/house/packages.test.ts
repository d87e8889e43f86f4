/** What npm would publish can be installed, imported and type-checked by those who get it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { tempDir } from 'savepoint/process';

const IMPORTED = ['packages/catalogue', 'eslint-plugin', 'runtime'];
const PACKAGES = [...IMPORTED, 'packages/cli'];

/** ESM-only packages are out of reach for TypeScript's oldest resolution, and need Node 20.19 to be `require`d. */
function isExpectedOfEsmOnly(problem: Problem): boolean {
  if (problem.kind === 'CJSResolvesToESM') return true;
  return 'resolutionKind' in problem && problem.resolutionKind === 'node10';
}

/** The tarball that npm would publish. */
function packed(folder: string, destination: string): string {
  const pack = ['pack', '--json', '--silent', '--pack-destination', destination];
  const told = execFileSync('npm', pack, { cwd: folder, encoding: 'utf8' });
  const [{ filename }] = JSON.parse(told) as [{ filename: string }];
  return join(destination, filename);
}

for (const folder of PACKAGES) {
  test(`${folder}: publint finds nothing`, async () => {
    const { messages, pkg } = await publint({ pkgDir: folder, strict: true });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  });
}

for (const folder of IMPORTED) {
  test(`${folder}: types resolve as modules do`, async (t) => {
    const tarball = readFileSync(packed(folder, tempDir(t)));

    const analysis = await checkPackage(createPackageFromTarballData(tarball));

    assert.ok(analysis.types, 'the package brings types');
    const problems = analysis.problems.filter((problem) => !isExpectedOfEsmOnly(problem));
    assert.deepEqual(problems, []);
  });
}

test('eslint-plugin: npm gets one module, which lints as the many do, and the many stay in place', async (t) => {
  const destination = tempDir(t);
  const entry = readFileSync('eslint-plugin/dist/index.js', 'utf8');
  execFileSync('tar', ['-xzf', packed('eslint-plugin', destination), '-C', destination]);
  assert.equal(readFileSync('eslint-plugin/dist/index.js', 'utf8'), entry);

  // Alone with its manifest: what it imported besides would be missing.
  const file = join(destination, 'alone/dist/index.js');
  cpSync(join(destination, 'package/package.json'), join(destination, 'alone/package.json'));
  cpSync(join(destination, 'package/dist/index.js'), file);

  const { default: plugin } = (await import(pathToFileURL(file).href)) as {
    default: typeof savepoint;
  };
  const code = `import { test } from 'node:test';
test('sets', () => { process.env.A = '1'; });`;
  const reports = [savepoint, plugin].map(({ configs }) =>
    new Linter().verify(code, configs.strict, 'a.test.mjs'),
  );
  assert.deepEqual(Object.keys(plugin.rules), Object.keys(savepoint.rules));
  assert.equal(reports[0]?.length, 1);
  assert.deepEqual(reports[1], reports[0]);
});
