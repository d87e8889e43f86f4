import { defineHazard } from '../hazard.ts';

export const requirePoolErrorListener = defineHazard({
  id: 'require-pool-error-listener',
  title: 'Listen for the errors of idle connections',
  category: 'pool lifecycle',
  symptoms: [
    'terminating connection due to administrator command',
    'terminating connection due to unexpected postmaster exit',
    'Connection terminated unexpectedly',
  ],
  signs: [
    'every test is ok and the file has failed, with an error that no test caused',
    'node:test says that the error came from a test which only ran at that moment',
  ],
  cause:
    'A connection that lies idle in a pool hears it when the server ends it: the database is dropped `with (force)`, the container stops, somebody terminates the session. ' +
    'The pool emits that as `error`, and an `error` event without a listener is thrown where nobody can catch it. A client that is checked out emits it itself.',
  remedy:
    "Give every pool a listener, `pool.on('error', (error) => …)`, and every client that is held for long; end a pool before its database is dropped or its server stopped.",
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a `pg` pool without a listener, where the file drops its database `with (force)` or terminates its connections while the pool is open',
      'the same, where the file stops the container that the pool is connected to',
    ],
    cannotSee: [
      'what anybody else does to the server',
      'pools that are given to other functions, which may listen',
      'a database whose name the drop and the pool take from different places',
    ],
    messages: {
      unheard:
        "`{{pool}}` has no listener for `error`, and line {{line}} ends its idle connections while it is open: that is thrown as an uncaught exception. End the pool first, or listen: `{{pool}}.on('error', …)`.",
    },
    suggestions: {},
    unrepaired:
      'whether the pool ends earlier or somebody listens, and what a listener does with the error, is a decision.',
  },
  runtime: {
    sees: [
      'the error of a broken connection that a `pg` pool, client or connection emits while nobody listens: where it was made, which test ran at that moment, and which statement of this process ended the connection',
    ],
    cannotSee: [
      'pools without a listener whose connections never break',
      'who ended the connection, when another process did',
    ],
    message:
      'A {{noun}} without a listener for `error` lost its connection {{when}}: {{reason}}. Node throws that as an uncaught exception.',
  },
  evidence: [
    'brianc/node-postgres#2762',
    'brianc/node-postgres#3083',
    'brianc/node-postgres#821',
    'brianc/node-postgres#478',
    'egma-ai/egma#95',
    'mikro-orm/mikro-orm#8069',
    'sequelize/sequelize#12704',
  ],
  whenNotToUse: 'In tests of what a process does with an error that nobody hears.',
  examples: [
    {
      title: 'a connection is terminated while it lies idle in the pool',
      file: 'restart.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const connectionString = process.env.TEST_DATABASE_URL;
const app = new pg.Pool({ connectionString });
const admin = new pg.Pool({ connectionString });
after(() => Promise.all([app.end(), admin.end()]));

test('gives up a connection that the server has closed', async () => {
  const { rows } = await app.query('select pg_backend_pid() as pid');
  const removed = new Promise((resolve) => app.once('remove', resolve));
  await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await removed;
  assert.equal(app.totalCount, 0);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const connectionString = process.env.TEST_DATABASE_URL;
const app = new pg.Pool({ connectionString });
app.on('error', (error) => console.log('a connection was lost:', error.message));
const admin = new pg.Pool({ connectionString });
after(() => Promise.all([app.end(), admin.end()]));

test('gives up a connection that the server has closed', async () => {
  const { rows } = await app.query('select pg_backend_pid() as pid');
  const removed = new Promise((resolve) => app.once('remove', resolve));
  await admin.query('select pg_terminate_backend($1)', [rows[0].pid]);
  await removed;
  assert.equal(app.totalCount, 0);
});
`,
    },
  ],
});
