import { defineHazard } from '../hazard.ts';

export const noSchemaChurnOnLivePool = defineHazard({
  id: 'no-schema-churn-on-live-pool',
  title: 'Build the schema before the pool that uses it',
  category: 'migrations',
  symptoms: [
    'cached plan must not change result type',
    'cache lookup failed for type …',
    'prepared statement "…" does not exist',
    "Prepared statements must be unique - '…' was used for a different statement",
  ],
  signs: [
    'a test passes alone and fails after one that rebuilds the schema',
    'a query that worked says that its relation does not exist, or answers with the columns of before',
  ],
  cause:
    'A connection remembers: plans of prepared statements and the numbers of types belong to the schema of the moment they were made. Tables that are dropped and made anew in a hook are other tables, ' +
    'and the pool still holds connections of before. `DISCARD ALL` and `DEALLOCATE` forget on the server what `pg` still believes to be prepared.',
  remedy:
    'Build the schema once, before the pool: `postgres({ migrate })` of `savepoint/pg`. Where a test is about a schema change, give it a pool of its own, or a new one after the change.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'in `beforeEach` or `afterEach`, DROP or ALTER of a schema, table, type or view through a pool that outlives the test, where its library prepares statements (postgres.js, Prisma) or the file names one (`{ name, text }`)',
      '`sequelize.sync({ force: true })` in such a hook, on a database that is not SQLite',
    ],
    cannotSee: [
      'schema changes behind functions of other files',
      'statements that are prepared in other files',
    ],
    messages: {
      churn:
        'The pool outlives this change, and its connections remember what they prepared before: `{{statement}}`. Build the schema once: `postgres({ migrate })` of savepoint/pg.',
    },
    suggestions: {},
    unrepaired:
      'where the schema is made once is for the project to say: in `migrate` of its fixture, or before the pool.',
  },
  runtime: {
    sees: [
      'a statement of a `pg` pool, client or connection that fails because its connection remembers another schema, with the line that sent it and the latest statement of this process that changed the schema, or that made the connection forget',
    ],
    cannotSee: [
      'schema changes of other processes',
      'such an error of a server that speaks another language than English',
      'connections that remember and never meet the difference',
    ],
    message: '{{test}} met a connection that remembers another schema: {{reason}}; {{before}}.',
  },
  evidence: [
    'sequelize/sequelize#3640',
    'scalableminds/webknossos#9579',
    'knex/knex#5694',
    'flyway/flyway#2323',
    'vibeunion/supacloud#537',
  ],
  whenNotToUse:
    'When no statement is asked twice with different columns in between. What the runtime reports has failed anyway.',
  examples: [
    {
      title: 'a table is made anew for each test under a prepared statement',
      file: 'shelves.test.mjs',
      reportedBy: ['linter'],
      alongside: ['no-concurrent-migrations'],
      bad: `import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL, max: 1 });
beforeEach(async () => {
  await pool.query('drop table if exists shelves');
  await pool.query('create temp table shelves (name text)');
});
after(() => pool.end());

test('has names', async () => {
  const { rows } = await pool.query({ name: 'all-shelves', text: 'select name from shelves' });
  assert.deepEqual(rows, []);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL, max: 1 });
before(() => pool.query('create temp table shelves (name text)'));
after(() => pool.end());

test('has names', async () => {
  const { rows } = await pool.query({ name: 'all-shelves', text: 'select name from shelves' });
  assert.deepEqual(rows, []);
});
`,
    },
    {
      title: 'a column is added under a prepared statement',
      file: 'tags.test.mjs',
      reportedBy: ['runtime'],
      alongside: ['no-concurrent-migrations'],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL, max: 1 });
before(() => pool.query('create temp table tags (name text)'));
after(() => pool.end());

const allTags = { name: 'all-tags', text: 'select * from tags' };

test('has names', async () => {
  const { fields } = await pool.query(allTags);
  assert.deepEqual(fields.map(({ name }) => name), ['name']);
});

test('has colours', async () => {
  await pool.query('alter table tags add column colour text');
  const { fields } = await pool.query(allTags);
  assert.deepEqual(fields.map(({ name }) => name), ['name', 'colour']);
});
`,
      good: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL, max: 1 });
before(() => pool.query('create temp table tags (name text, colour text)'));
after(() => pool.end());

const allTags = { name: 'all-tags', text: 'select * from tags' };

test('has names and colours', async () => {
  const { fields } = await pool.query(allTags);
  assert.deepEqual(fields.map(({ name }) => name), ['name', 'colour']);
});
`,
    },
  ],
});
