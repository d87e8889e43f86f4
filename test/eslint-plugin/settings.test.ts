/** `settings.savepoint`: extends the defaults; what cannot be meant is one clear error. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
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
test('a', (t) => { const store = new Store(); t.after(() => store.shut()); return store.work(); });
test('b', (t) => { const pool = new Pool(); t.after(() => pool.end()); return pool.query('SELECT 1'); });
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

/** Every key there is, with a value that can be meant; a new key has its place here. */
const complete = {
  testModules: ['#test'],
  idiom: 'savepoint',
  followImports: false,
  resources: [
    {
      ...row,
      releasedAtOnceBy: ['destroy'],
      exceptWith: ['lazy'],
      whenGivenUrl: false,
      releaseIsAsynchronous: true,
      openedBy: ['open'],
      opensAtFirstUse: true,
      opensAtFirstUseWith: ['lazy'],
      keepsAliveOnce: ['use'],
      lends: [
        {
          method: 'take',
          kind: 'client',
          releasedBy: ['giveBack'],
          releasedAtOnceBy: ['drop'],
          releaseIsAsynchronous: false,
          openedBy: ['start'],
        },
      ],
    },
  ],
};

type Json = string | boolean | Json[] | { readonly [key: string]: Json };

/** Every place in a value, as the path of a message, and the value there. */
function placesIn(value: Json, path: string): [path: string, value: Json][] {
  const inner = Array.isArray(value)
    ? value.map((each, index): [string, Json] => [`${path}[${index}]`, each])
    : typeof value === 'object'
      ? Object.entries(value).map(([key, each]): [string, Json] => [`${path}.${key}`, each])
      : [];
  return [[path, value], ...inner.flatMap(([at, each]) => placesIn(each, at))];
}

/** A copy with another value at one place. */
function withValue(value: Json, path: string, place: string, other: unknown): unknown {
  if (path === place) return other;
  if (Array.isArray(value)) {
    return value.map((each, index) => withValue(each, `${path}[${index}]`, place, other));
  }
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      withValue(each, `${path}.${key}`, place, other),
    ]),
  );
}

function errorOf(settings: unknown): Error | undefined {
  const config = { ...savepoint.configs.strict, settings: { savepoint: settings } };
  try {
    new Linter().verify('', [config], { filename: 'a.js' });
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

const circular: { self?: unknown } = {};
circular.self = circular;
const shapes: readonly unknown[] = [
  null,
  0,
  1n,
  '',
  'text',
  true,
  [],
  [[]],
  {},
  circular,
  Symbol('a'),
  () => undefined,
];

test('every known key is in the complete settings, which are accepted', () => {
  assert.equal(errorOf(complete), undefined);
  const named = ['settings.savepoint', 'resources[0]', 'lends[0]'].map((path) => {
    const at = placesIn(complete, 'settings.savepoint').find(([each]) => each.endsWith(path));
    assert.ok(at);
    const [place, value] = at;
    const wrong = { ...(value as object), unknown: 1 };
    const error = errorOf(withValue(complete, 'settings.savepoint', place, wrong));
    const message = error?.message ?? '';
    const known = /known here: (.*)\./.exec(message)?.[1]?.split(', ') ?? [];
    return [known.toSorted(), Object.keys(value).toSorted()];
  });
  for (const [known, given] of named) assert.deepStrictEqual(given, known);
});

test('the README says what every key is', () => {
  const readme = readFileSync(new URL('../../eslint-plugin/README.md', import.meta.url), 'utf8');
  const [, settings = ''] = readme.split('## Settings');
  const [resource] = complete.resources;
  for (const key of Object.keys({ ...complete, ...resource, ...resource?.lends[0] })) {
    assert.ok(settings.includes(`\`${key}\``), key);
  }
});

describe('a value of the wrong shape is refused by the path of its key', () => {
  for (const [path, value] of placesIn(complete, 'settings.savepoint')) {
    test(path, () => {
      for (const other of shapes) {
        if (isAlike(other, value)) continue;
        const error = errorOf(withValue(complete, 'settings.savepoint', path, other));
        assert.ok(error, `${typeof other} was accepted`);
        assert.match(error.message, /settings\.savepoint/);
        assert.ok(error.message.includes(path), error.message);
      }
    });
  }
});

/** A value that may be meant there too: another text, flag, or an empty list or object. */
function isAlike(other: unknown, value: Json): boolean {
  if (Array.isArray(value)) return Array.isArray(other);
  if (typeof value === 'string') return typeof other === 'string' && other !== '';
  return typeof other === typeof value && other !== null && !Array.isArray(other);
}

describe('a slip in a key or a kind is told with what was meant', () => {
  const slips: readonly [string, unknown, RegExp][] = [
    ['a key', { testModule: [] }, /testModule is not .*\(did you mean testModules\?\)/],
    ['capitals', { Resources: [] }, /Resources is not .*\(did you mean resources\?\)/],
    ['a resource’s key', { resources: [{ ...row, releaseBy: [] }] }, /did you mean releasedBy\?/],
    ['a kind', { resources: [{ ...row, kind: 'pools' }] }, /not "pools" \(did you mean pool\?\)/],
    ['nothing near', { colour: 1 }, /colour is not a setting of eslint-plugin-savepoint; known/],
  ];
  for (const [name, settings, message] of slips) {
    test(name, () => assert.match(errorOf(settings)?.message ?? '', message));
  }
});
