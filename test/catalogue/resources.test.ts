/** The table of resources: each row can be acted upon. */
import assert from 'node:assert/strict';
import { builtinModules } from 'node:module';
import { test } from 'node:test';
import { RESOURCES, RESOURCE_KINDS, type Resource } from '../../packages/catalogue/src/index.ts';

/** Names that npm takes, with a sub-path; `node:` names are those of this Node or of a later one. */
const PACKAGE = /^(@[a-z0-9-]+\/)?[a-z0-9.-]+(\/[a-z0-9.-]+)*$/;
const LATER_BUILTINS = ['node:sqlite'];
const METHOD = /^[$\w]+(\.([$\w]+|\*))*$/;

const nameOf = ({ module, export: name }: Resource) => `${module} ${name}`;

test('each row stands once', () => {
  const names = RESOURCES.map(nameOf);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
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
      ]),
    ];
    for (const method of methods) assert.match(method, METHOD);
    for (const loan of lends) assert.ok(loan.kind in RESOURCE_KINDS);
  });
}
