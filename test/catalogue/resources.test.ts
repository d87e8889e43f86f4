/** The table of resources: each row can be acted upon. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RESOURCES, RESOURCE_KINDS, type Resource } from '../../packages/catalogue/src/index.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Names that npm takes, with a sub-path; `node:` names are those of this Node or of a later one. */
const PACKAGE = /^(@[a-z0-9-]+\/)?[a-z0-9.-]+(\/[a-z0-9.-]+)*$/;
const LATER_BUILTINS = ['node:sqlite'];
const METHOD = /^[$\w]+(\.([$\w]+|\*))*$/;

/** `mysql2` of `mysql2/promise`; a module of Node's comes with Node. */
function packageOf({ module }: Resource): string {
  if (module.startsWith('node:')) return 'node';
  return module.split('/', module.startsWith('@') ? 2 : 1).join('/');
}

function installedVersionOf(name: string): string | undefined {
  if (name === 'node') return process.versions.node;
  const manifest = join(ROOT, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return undefined;
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string };
  return version;
}

const nameOf = ({ module, export: name }: Resource) => `${module} ${name}`;

test('each row stands once', () => {
  const names = RESOURCES.map(nameOf);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test('what the rows of a package say was found in one version of it', () => {
  const versions = new Map(RESOURCES.map((row) => [packageOf(row), row.checked]));
  for (const row of RESOURCES) {
    assert.match(row.checked, /^\d+\.\d+\.\d+(-[\w.]+)?$/, nameOf(row));
    assert.equal(row.checked, versions.get(packageOf(row)), nameOf(row));
  }
});

test('no row is of an older major version than what is installed here', () => {
  const older = RESOURCES.filter((row) => {
    const installed = installedVersionOf(packageOf(row));
    return installed !== undefined && Number.parseInt(row.checked) < Number.parseInt(installed);
  });
  assert.deepEqual(older.map(nameOf), []);
});

for (const resource of RESOURCES) {
  test(`${nameOf(resource)} can be imported, acquired and released`, () => {
    const {
      module,
      kind,
      acquiredBy,
      whenGivenUrl,
      releasedBy,
      releasedAtOnceBy = [],
      openedBy = [],
      lends = [],
    } = resource;
    assert.ok(kind in RESOURCE_KINDS);
    if (module.startsWith('node:')) {
      assert.ok(
        builtinModules.includes(module.slice('node:'.length)) || LATER_BUILTINS.includes(module),
      );
    } else {
      assert.match(module, PACKAGE);
    }
    assert.ok(
      releasedBy.length > 0 || lends.length > 0,
      'neither released nor lending: nothing to watch',
    );
    if (whenGivenUrl) assert.equal(acquiredBy, 'call');
    const methods = [
      ...releasedBy,
      ...releasedAtOnceBy,
      ...openedBy,
      ...lends.flatMap((loan) => [
        loan.method,
        ...loan.releasedBy,
        ...(loan.releasedAtOnceBy ?? []),
        ...(loan.openedBy ?? []),
      ]),
    ];
    for (const method of methods) assert.match(method, METHOD);
    for (const loan of lends) assert.ok(loan.kind in RESOURCE_KINDS);
  });
}
