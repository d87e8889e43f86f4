import { defineHazard } from '../hazard.ts';
import { isNarrower, type ResourceKind } from '../vocabulary.ts';

/** A variable or a directory that is put back early is no corpse; these are. */
const ENDS_FOR_GOOD: ReadonlySet<ResourceKind> = new Set<ResourceKind>([
  'pool',
  'client',
  'connection',
  'handle',
  'server',
  'app',
  'agent',
  'worker',
  'process',
  'watcher',
  'browser',
  'container',
  'closable',
]);

export const noUseAfterEnd = defineHazard({
  id: 'no-use-after-end',
  title: 'End a shared resource once, last, where it was opened',
  category: 'pool lifecycle',
  symptoms: [
    'Cannot use a pool after calling end on the pool',
    'Called end on pool more than once',
    'Client was closed and is not queryable',
    'Release called on client which has already been released to the pool.',
    'write CONNECTION_ENDED …',
    'driver has already been destroyed',
    'The database connection is not open',
    'The client is destroyed',
  ],
  signs: [
    'the first test passes, all later ones fail',
    'each file passes alone; with `--test-isolation=none` the second one fails',
  ],
  cause:
    'Something that lives longer than a test is ended by a hook that runs for each test, or by one of several users of it. ' +
    'Ending is final: a `pg.Pool` cannot be opened again, so whoever comes next meets a dead one.',
  remedy:
    'End it where it was opened, once and last: a pool of the file in `after`, not in `afterEach` and not in a file that only imported it. ' +
    '`postgres(…)` of `savepoint/pg` ends its pool by itself.',
  severity: 'error',
  presets: ['recommended', 'strict'],
  linter: {
    sees: [
      'a pool, connection, handle, server, app or agent of the file or of a suite that `afterEach`, a test or a subtest ends',
      'a pool imported from another file of the project that `afterEach`, a test or a subtest ends',
    ],
    cannotSee: [
      'a resource ended in one file and used in another',
      'a helper in another file that ends what it is given',
    ],
    messages: {
      narrower:
        '`{{resource}}` lives as long as the {{acquired}} (line {{acquiredLine}}) and is ended with each {{released}}: the next one meets a dead {{noun}}. End it in `after`.',
      foreign:
        '`{{resource}}` comes from another file and is ended with each {{released}}: whoever uses it next meets a dead pool. Leave its end to the file that makes it.',
    },
    suggestions: { releaseOnce: 'Release `{{resource}}` once, in `after`.' },
  },
  runtime: {
    sees: [
      'a `pg` pool or a better-sqlite3 handle that is used, or ended again, after it was ended, with the line that ended it first',
    ],
    cannotSee: [
      'resources made before the runtime was loaded',
      'a resource ended too early that nobody uses again',
    ],
    message: '{{test}} used a {{noun}} that was already ended.',
  },
  fault: ({ kind, acquired, release }) =>
    ENDS_FOR_GOOD.has(kind) && release.is === 'registered' && isNarrower(release.scope, acquired),
  evidence: [
    'brianc/node-postgres#1670',
    'brianc/node-postgres#1858',
    'brianc/node-postgres#3635',
    'brianc/node-postgres#3750',
    'brianc/node-pg-pool#58',
    'nearform/titus#68',
    'porsager/postgres#682',
    'product-os/jellyfish#8045',
  ],
  whenNotToUse: 'In tests of what happens after `end()`.',
  examples: [
    {
      title: 'a pool of the file, ended after each test',
      file: 'numbers.test.ts',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
afterEach(() => pool.end());

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await pool.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
after(() => pool.end());

test('counts one', async () => {
  const { rows } = await pool.query('select 1 as n');
  assert.equal(rows[0].n, 1);
});

test('counts two', async () => {
  const { rows } = await pool.query('select 2 as n');
  assert.equal(rows[0].n, 2);
});
`,
    },
  ],
});
