import { defineHazard } from '../hazard.ts';

export const noTemplateInUse = defineHazard({
  id: 'no-template-in-use',
  title: 'Leave a template database before it is copied',
  category: 'migrations',
  symptoms: [
    'source database "…" is being accessed by other users',
    'database "…" is being accessed by other users',
  ],
  signs: [
    'a database cannot be copied or dropped, now and then or only in a run of many files',
    'it works as soon as a database tool or another run is closed',
  ],
  cause:
    'PostgreSQL copies, renames and drops only a database that nobody is connected to. A pool that ran the migrations keeps its connections until it is ended, ten seconds longer when nobody ends it; ' +
    'database tools, extensions with background workers and other test processes are connected as well.',
  remedy:
    'End the pool that made the template, and wait for it, before the first copy: `await pool.end()`. Keep others out with `alter database … allow_connections false`. ' +
    '`postgres({ migrate })` of `savepoint/pg` makes its template over a connection that it ends.',
  severity: 'error',
  presets: [],
  runtime: {
    sees: [
      'a statement about a database that the server refuses because it is in use: where this process opened connections to it, and which other sessions the server knows, by application name, state and since when they are there',
    ],
    cannotSee: [
      'who was connected and had gone when the server was asked',
      'on which line another process opened its connection',
    ],
    message:
      '{{test}} wanted to copy, rename or drop database "{{database}}", to which others are connected: {{who}}.',
  },
  unseenBy: {
    linter:
      'who is connected to a database when it is copied is decided by pools of other files, by other processes and by when a pool has ended.',
  },
  evidence: [
    'peterldowns/pgtestdb#14',
    'graphile/worker#506',
    'testcontainers/testcontainers-node#1418',
    'brianc/node-postgres#3287',
    'https://www.postgresql.org/docs/current/manage-ag-templatedbs.html',
  ],
  whenNotToUse: 'There is no rule to turn off: the server refuses the statement anyway.',
  examples: [
    {
      title: 'the pool that made the template is still open',
      file: 'copies.test.mjs',
      reportedBy: ['runtime'],
      bad: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const template = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
const admin = new pg.Pool({ connectionString: databaseBeside('postgres') });
after(() => Promise.all([template.end(), admin.end()]));

test('works on a copy', async (t) => {
  const { rows } = await template.query('select current_database() as name');
  const copy = rows[0].name + '_copy';
  await admin.query(['create database', copy, 'template', rows[0].name].join(' '));
  t.after(() => admin.query(['drop database', copy].join(' ')));
  assert.ok(databaseBeside(copy));
});

function databaseBeside(name) {
  return new URL('/' + name, process.env.TEST_DATABASE_URL).href;
}
`,
      good: `import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';

const template = new pg.Pool({ connectionString: process.env.TEST_DATABASE_URL });
const admin = new pg.Pool({ connectionString: databaseBeside('postgres') });
after(() => admin.end());

test('works on a copy', async (t) => {
  const { rows } = await template.query('select current_database() as name');
  await template.end();
  const copy = rows[0].name + '_copy';
  await admin.query(['create database', copy, 'template', rows[0].name].join(' '));
  t.after(() => admin.query(['drop database', copy].join(' ')));
  assert.ok(databaseBeside(copy));
});

function databaseBeside(name) {
  return new URL('/' + name, process.env.TEST_DATABASE_URL).href;
}
`,
    },
  ],
});
