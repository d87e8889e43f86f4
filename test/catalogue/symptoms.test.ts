/** Pasted output finds its hazards, whatever a terminal did to it; other output finds none. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HAZARDS, findHazards, type HazardId } from '../../packages/catalogue/src/index.ts';

const ids = (text: string) => findHazards(text).map(({ id }) => id);

/** Output as it was printed, and what it speaks of, the likeliest first. */
const PASTED: readonly [what: string, text: string, hazards: HazardId[]][] = [
  [
    'a port in use',
    `node:events:495
      throw er; // Unhandled 'error' event
      ^

Error: listen EADDRINUSE: address already in use :::3000
    at Server.setupListenHandle [as _listen2] (node:net:1872:16)
    at listenInCluster (node:net:1920:12)
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1899:8) {
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address: '::',
  port: 3000
}`,
    ['no-fixed-port'],
  ],
  ['an error code alone', 'EADDRINUSE', ['no-fixed-port']],
  [
    'a pool ended too early, from node:test’s TAP',
    `not ok 2 - counts two
  ---
  duration_ms: 0.412
  failureType: 'testCodeFailure'
  error: 'Cannot use a pool after calling end on the pool'
  code: 'ERR_TEST_FAILURE'
  stack: |-
    BoundPool.connect (/srv/app/node_modules/pg-pool/index.js:181:19)
  ...`,
    ['no-use-after-end', 'no-fragile-teardown'],
  ],
  [
    'late work, which says more than the error it quotes',
    `# Error: Test "fires and forgets" at test/late.test.mjs:4:1 generated asynchronous activity after the test ended. This activity created the error "Error: Cannot use a pool after calling end on the pool" and would have caused the test to fail, but instead triggered an unhandledRejection event.`,
    ['no-late-activity', 'no-use-after-end', 'no-fragile-teardown'],
  ],
  [
    'late work of a hook',
    `ℹ Error: Test hook "before" at test/a.test.js:9:3 generated asynchronous activity after the test ended. This activity created the error "Error: Connection terminated" and would have caused the test to fail, but instead triggered an unhandledRejection event.`,
    ['require-awaited-teardown', 'no-late-activity'],
  ],
  [
    'undici’s mock, met by a test that mocks nothing',
    `TypeError: fetch failed
    at node:internal/deps/undici/undici:13510:13 {
  [cause]: MockNotMatchedError: Mock dispatch not matched for path '/v1/users': subsequent request to origin http://localhost:4000 was not allowed (net.connect disabled)
      at MockAgent.dispatch (/srv/node_modules/undici/lib/mock/mock-utils.js:380:13) {
    code: 'UND_MOCK_ERR_MOCK_NOT_MATCHED'
  }
}`,
    ['no-unrestored-dispatcher'],
  ],
  [
    'undici’s destroyed client',
    `TypeError: fetch failed
  [cause]: ClientDestroyedError: The client is destroyed
    code: 'UND_ERR_DESTROYED'`,
    ['no-unrestored-dispatcher', 'no-use-after-end'],
  ],
  [
    'migrations in a race',
    `error: duplicate key value violates unique constraint "pg_type_typname_nsp_index"
    at Parser.parseErrorMessage (/srv/node_modules/pg-protocol/dist/parser.js:285:98)
  code: '23505',
  detail: 'Key (typname, typnamespace)=(users, 2200) already exists.',`,
    ['no-concurrent-migrations'],
  ],
  ['a role made twice', 'ERROR:  role "app_reader" already exists', ['no-concurrent-migrations']],
  [
    'an exhausted pool',
    'Error: timeout exceeded when trying to connect\n    at /srv/node_modules/pg-pool/index.js:45:11',
    ['require-client-release', 'no-nested-checkout', 'no-mock-timers-over-io'],
  ],
  [
    'Knex’s exhausted pool',
    'KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?',
    ['require-client-release', 'no-nested-checkout'],
  ],
  [
    'too many connections',
    'FATAL:  sorry, too many clients already',
    ['no-per-test-pool', 'require-pool-budget'],
  ],
  [
    'a host called undefined',
    'Error: getaddrinfo ENOTFOUND undefined\n    at GetAddrInfoReqWrap.onlookup [as oncomplete]',
    ['no-undefined-env-restore'],
  ],
  [
    'a path that begins with undefined',
    "Error: ENOENT: no such file or directory, open 'undefined/config.json'",
    ['no-undefined-env-restore'],
  ],
  [
    'a directory that is gone',
    'Error: ENOENT: no such file or directory, uv_cwd\n    at process.wrappedCwd (node:internal/bootstrap/switches/does_own_process_state:142:28)',
    ['no-unrestored-process-state'],
  ],
  [
    'Hono’s late route',
    'Error: Can not add a route since the matcher is already built.\n    at SmartRouter.add',
    ['no-late-route'],
  ],
  [
    'an index built concurrently in a transaction',
    'error: CREATE INDEX CONCURRENTLY cannot run inside a transaction block',
    ['no-non-transactional-ddl'],
  ],
  [
    'an isolation level inside a savepoint',
    'ERROR:  SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction',
    ['no-sandboxed-concurrency-test'],
  ],
  [
    'a transaction inside another',
    'WARNING:  there is already a transaction in progress',
    ['no-nested-begin'],
  ],
  [
    'a closed SQLite handle',
    'TypeError: The database connection is not open',
    ['no-use-after-end', 'no-fragile-teardown'],
  ],
  [
    'our own errors and reports, by the ids in them',
    'HazardError: A client was still checked out. [require-client-release]\n  test/a.test.ts 3:1 error savepoint/no-fixed-port',
    ['require-client-release', 'no-fixed-port'],
  ],
];

describe('pasted output', () => {
  for (const [what, text, hazards] of PASTED) {
    test(`${what}: ${hazards[0] ?? ''}`, () => {
      assert.deepEqual(ids(text), hazards);
    });
  }
});

/** What happens to text on its way from a terminal into an argument. */
const DISTORTIONS: Readonly<Record<string, (text: string) => string>> = {
  'in colour': (text) => `\u001b[31m${text.replaceAll(' ', ' \u001b[1m')}\u001b[39m`,
  'wrapped and indented': (text) => text.replaceAll(' ', '\n      '),
  'as a diagnostic of TAP': (text) => text.replaceAll(/ (?=\w+ \w+$)/g, '\n# '),
  'from Windows': (text) => `\r\n${text}\r\n`,
  'with quotes made pretty': (text) =>
    text.replaceAll(/"([^"]*)"/g, '“$1”').replaceAll(/'([^']*)'/g, '‘$1’'),
  'in capitals': (text) => text.toUpperCase(),
  'inside a sentence': (text) => `I get (${text}) since yesterday`,
};

/** Output in which a symptom might stand: something specific in each place that differs. */
const printed = (symptom: string) => symptom.replaceAll('…', 'users-2');

describe('every symptom finds its own hazard', () => {
  for (const [distortion, distorted] of Object.entries(DISTORTIONS)) {
    test(distortion, () => {
      for (const { id, symptoms } of HAZARDS) {
        for (const symptom of symptoms) {
          const text = distorted(printed(symptom));
          assert.ok(ids(text).includes(id), `${id} not found in ${JSON.stringify(text)}`);
        }
      }
    });
  }
});

const UNRELATED = [
  '',
  '\n\t',
  '…',
  'TypeError: fetch failed',
  'Error: connect ECONNREFUSED 127.0.0.1:5432',
  'error: duplicate key value violates unique constraint "users_email_key"',
  'error: relation "users" does not exist',
  'error: password authentication failed for user "ada"',
  'AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:\n\n1 !== 2\n',
  "Error: ENOENT: no such file or directory, open '/srv/config.json'",
  '✔ counts one (3.2ms)\nℹ tests 1\nℹ pass 1\nℹ fail 0',
  'MYEADDRINUSEX',
  'my-no-fixed-port-rule',
  'fixed',
];

describe('other output finds nothing', () => {
  for (const text of UNRELATED) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(findHazards(text), []);
    });
  }
});

test('a part of an id is enough when it is all there is', () => {
  assert.deepEqual(ids('pool-end'), ['require-pool-end']);
  assert.deepEqual(ids(' fixed-port\n'), ['no-fixed-port']);
});

test('a match says what matched, and the words it found', () => {
  assert.deepEqual(findHazards('Error: role\n  "app" already exists'), [
    {
      id: 'no-concurrent-migrations',
      by: 'symptom',
      matched: 'role "…" already exists',
      found: 'role "app" already exists',
    },
  ]);
  assert.deepEqual(findHazards('see savepoint/no-late-route'), [
    { id: 'no-late-route', by: 'id', matched: 'no-late-route', found: 'no-late-route' },
  ]);
});

test('a hazard named by its id and by a symptom is found once', () => {
  assert.deepEqual(ids('[no-fixed-port] listen EADDRINUSE: address already in use :::1'), [
    'no-fixed-port',
  ]);
});

test('much output is read', () => {
  const text = `${'at Object.<anonymous> (/srv/app/index.js:1:1)\n'.repeat(20_000)}Error: listen EADDRINUSE: address already in use :::1`;
  assert.deepEqual(ids(text), ['no-fixed-port']);
});
