import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { setEnv } from 'savepoint/process';
import {
  assertTestDatabase,
  describeTarget,
  looksLikeTestDatabase,
  targetOf,
} from '../../../runtime/src/pg/test-database.ts';

const TEST_NAMES = [
  'test',
  'app_test',
  'test_app',
  'app-test-2',
  'AppTest',
  'myTests',
  'testdb',
  'test1',
  'ci',
  'app.ci',
  'app_e2e',
  'orders_spec',
  'savepoint_3f2a1b_0011223344556677',
];
const OTHER_NAMES = [
  'app',
  'production',
  'postgres',
  'latest',
  'contest',
  'testimonials',
  'attestation',
  'social',
  'special',
  'precision',
  '',
];

test('the name says whether a database is for tests', () => {
  assert.deepEqual(
    TEST_NAMES.filter((name) => !looksLikeTestDatabase(name)),
    [],
  );
  assert.deepEqual(OTHER_NAMES.filter(looksLikeTestDatabase), []);
});

test('a database of another name is refused, with the way to allow it', () => {
  const options = { connectionString: 'postgres://ada:s3cret@db.example:5433/shop' };
  assert.throws(
    () => assertTestDatabase(options),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'ERR_SAVEPOINT_NOT_A_TEST_DATABASE');
      assert.match(error.message, /^ada@db\.example:5433\/shop does not look like a test database/);
      assert.match(error.message, /allowDatabase: "shop"$/);
      assert.doesNotMatch(inspect(error, { depth: null, showHidden: true }), /s3cret/);
      return true;
    },
  );
  for (const allowed of ['shop', ['other', 'shop']]) {
    assert.equal(assertTestDatabase(options, allowed).database, 'shop');
  }
  assert.throws(() => assertTestDatabase(options, 'SHOP'));
});

// What pg does with options is pg's; these are the ways a database can be meant.
const TARGETS: readonly (readonly [options: Parameters<typeof targetOf>[0], target: string])[] = [
  [{ connectionString: 'postgres://ada:s3cret@db.example:5433/app' }, 'ada@db.example:5433/app'],
  [
    { connectionString: 'postgresql://ada@db.example/app?sslmode=disable' },
    'ada@db.example:5432/app',
  ],
  [{ connectionString: 'postgres:///app?host=/run/pg&user=ada' }, 'ada@/run/pg:5432/app'],
  [{ connectionString: 'postgres://ada@db.example' }, 'ada@db.example:5432/ada'],
  [{ user: 'ada', host: 'db.example', port: 1, database: 'app' }, 'ada@db.example:1/app'],
  [
    { user: 'bob', connectionString: 'postgres://ada@db.example/other' },
    'ada@db.example:5432/other',
  ],
];

test('a target is what pg would connect to', () => {
  assert.deepEqual(
    TARGETS.map(([options]) => describeTarget(targetOf(options))),
    TARGETS.map(([, target]) => target),
  );
});

test('what is left out comes from the PG* variables', (t) => {
  const VARIABLES = { PGHOST: 'db.example', PGPORT: '6543', PGUSER: 'ada', PGDATABASE: 'shop' };
  setEnv(t, VARIABLES);
  assert.equal(describeTarget(targetOf({})), 'ada@db.example:6543/shop');
  assert.throws(() => assertTestDatabase({}), /shop/);
});

const MALFORMED = [
  'localhost:5432/app_test',
  'app_test',
  'mysql://ada:s3cret@db.example/app_test',
  'postgres://ada:s3cret#with@hash@db.example/app_test',
  'postgres://ada:s3cret@db.example:port/app_test',
];

test('a connection string that is none is refused without showing it', () => {
  for (const connectionString of MALFORMED) {
    assert.throws(
      () => targetOf({ connectionString }),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'ERR_SAVEPOINT_CONNECTION_STRING');
        assert.doesNotMatch(inspect(error, { depth: null, showHidden: true }), /s3cret/);
        return true;
      },
    );
  }
});
