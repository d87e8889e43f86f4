/** `settings.savepoint`: extends the defaults; what cannot be meant is one clear error. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Linter } from 'eslint';
import savepoint from 'eslint-plugin-savepoint';

function lint(code: string, settings: Record<string, unknown>): (string | null)[] {
  const config = { ...savepoint.configs.strict, settings: { savepoint: settings } };
  const messages = new Linter().verify(code, [config], { filename: 'a.test.js' });
  return messages.map(({ ruleId }) => ruleId);
}

const row = {
  module: '#store',
  export: 'Store',
  kind: 'pool',
  acquiredBy: 'new',
  releasedBy: ['shut'],
};

const uses = (module: string) => `import { test } from '${module}';
import { Store } from '#store';
import { Pool } from 'pg';
test('a', (t) => { const store = new Store(); t.after(() => store.shut()); });
test('b', (t) => { const pool = new Pool(); t.after(() => pool.end()); });
`;
const perTest = 'savepoint/no-per-test-pool';

test('a resource of the settings joins those the plugin knows', () => {
  assert.deepStrictEqual(lint(uses('node:test'), {}), [perTest]);
  assert.deepStrictEqual(lint(uses('node:test'), { resources: [row] }), [perTest, perTest]);
});

test('a test module of the settings stands beside node:test', () => {
  assert.deepStrictEqual(lint(uses('#test'), {}), []);
  assert.deepStrictEqual(lint(uses('#test'), { testModules: ['#test'] }), [perTest]);
  assert.deepStrictEqual(lint(uses('node:test'), { testModules: ['#test'] }), [perTest]);
});

test('a lent resource of the settings', () => {
  const lends = [{ method: 'borrow', kind: 'client', releasedBy: ['giveBack'] }];
  const code = `import { after, test } from 'node:test';
import { Store } from '#store';
const store = new Store();
after(() => store.shut());
test('a', async () => { const client = await store.borrow(); await client.work(); client.giveBack(); });
`;
  assert.deepStrictEqual(lint(code, { resources: [{ ...row, lends }] }), [
    'savepoint/require-client-release',
  ]);
});

describe('a setting that cannot be meant', () => {
  const at = 'settings.savepoint';
  const wrong: readonly [string, unknown, RegExp][] = [
    ['no object', [], /settings\.savepoint must be an object, not \[\]/],
    [
      'an unknown key',
      { resource: [] },
      /settings\.savepoint\.resource is not a setting.*known here: testModules, resources, followImports, idiom/,
    ],
    [
      'no list',
      { testModules: '#test' },
      /settings\.savepoint\.testModules must be a list, not "#test"/,
    ],
    [
      'no text',
      { testModules: [1] },
      /settings\.savepoint\.testModules\[0\] must be a text, not 1/,
    ],
    [
      'no flag for imports',
      { followImports: 'no' },
      /settings\.savepoint\.followImports must be true or false, not "no"/,
    ],
    [
      'an unknown idiom',
      { idiom: 'mocha' },
      /settings\.savepoint\.idiom must be one of node:test, savepoint, not "mocha"/,
    ],
    [
      'an unknown key of a resource',
      { resources: [{ ...row, name: 'a' }] },
      /resources\[0\]\.name is not a setting/,
    ],
    [
      'an unknown kind',
      { resources: [{ ...row, kind: 'puddle' }] },
      /resources\[0\]\.kind must be one of pool, client, .*, not "puddle"/,
    ],
    [
      'a kind that only an object’s prototype has',
      { resources: [{ ...row, kind: 'toString' }] },
      /resources\[0\]\.kind must be one of/,
    ],
    [
      'an unknown way',
      { resources: [{ ...row, acquiredBy: 'make' }] },
      /resources\[0\]\.acquiredBy must be one of new, call, not "make"/,
    ],
    [
      'a missing release',
      { resources: [{ ...row, releasedBy: undefined }] },
      /resources\[0\]\.releasedBy must be set, not absent/,
    ],
    [
      'a missing module',
      { resources: [{ ...row, module: undefined }] },
      /resources\[0\]\.module must be a text, not absent/,
    ],
    [
      'no flag',
      { resources: [{ ...row, whenGivenUrl: 'yes' }] },
      /resources\[0\]\.whenGivenUrl must be true or false, not "yes"/,
    ],
    [
      'a loan without a release',
      { resources: [{ ...row, lends: [{ method: 'a', kind: 'client', releasedBy: [] }] }] },
      /resources\[0\]\.lends\[0\]\.releasedBy must be a list of at least one method/,
    ],
    [
      'a loan of an unknown kind',
      { resources: [{ ...row, lends: [{ method: 'a', kind: 'x', releasedBy: ['b'] }] }] },
      /resources\[0\]\.lends\[0\]\.kind must be one of/,
    ],
  ];
  for (const [name, settings, message] of wrong) {
    test(name, () => {
      const config = { ...savepoint.configs.strict, settings: { savepoint: settings } };
      assert.throws(
        () => new Linter().verify('', [config], { filename: 'a.js' }),
        (error: Error) => {
          assert.match(error.message, message);
          assert.ok(error.message.includes(at));
          return true;
        },
      );
    });
  }
});
