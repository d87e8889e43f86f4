/** What npm would publish can be installed, imported and type-checked by those who get it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
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
    const destination = tempDir(t);
    const pack = ['pack', '--json', '--pack-destination', destination];
    const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: folder, encoding: 'utf8' })) as [
      { filename: string },
    ];
    const tarball = readFileSync(join(destination, packed.filename));

    const analysis = await checkPackage(createPackageFromTarballData(tarball));

    assert.ok(analysis.types, 'the package brings types');
    const problems = analysis.problems.filter((problem) => !isExpectedOfEsmOnly(problem));
    assert.deepEqual(problems, []);
  });
}
