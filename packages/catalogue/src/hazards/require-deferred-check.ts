import { defineHazard } from '../hazard.ts';

export const requireDeferredCheck = defineHazard({
  id: 'require-deferred-check',
  title: 'Expect COMMIT to fail where constraints are deferred',
  category: 'transaction isolation',
  symptoms: [
    'insert or update on table "…" violates foreign key constraint "…"',
    'cannot ALTER TABLE "…" because it has pending trigger events',
    'cannot TRUNCATE "…" because it has pending trigger events',
  ],
  signs: [
    'every statement of a transaction succeeds, and COMMIT raises the error',
    'a test that rolls everything back is green, and production fails at COMMIT',
    'a deferred constraint trigger never fires in tests',
  ],
  cause:
    'Constraints and constraint triggers that are DEFERRABLE INITIALLY DEFERRED are checked at COMMIT. A test that wraps the app in a transaction of its own and rolls back never gets there, ' +
    'and releasing a savepoint checks nothing. A sandbox of savepoint does the checks of a COMMIT at each COMMIT of the app, which therefore fails as in production.',
  remedy:
    'Put right what the error names before COMMIT, and let the code that commits handle an error of COMMIT as one of the transaction: nothing of it is saved. ' +
    '`set constraints all immediate` at the end of the transaction raises the error one statement earlier.',
  severity: 'error',
  presets: [],
  runtime: {
    sees: [
      'in a sandbox, a COMMIT of the app that fails on a deferred constraint or trigger; the app gets the server’s own error, from COMMIT',
    ],
    cannotSee: ['tests that wrap the app in BEGIN and ROLLBACK of their own'],
    message: 'COMMIT failed in {{test}}, on what is checked only then: {{error}}',
  },
  unseenBy: {
    linter:
      'which constraints are deferred is written in the schema, and whether a reference is still missing at COMMIT only in the rows.',
  },
  evidence: [
    'https://hexdocs.pm/ecto_sql/Ecto.Adapters.SQL.Sandbox.html',
    'https://www.postgresql.org/docs/current/sql-set-constraints.html',
  ],
  whenNotToUse:
    'There is no rule to turn off: it is a warning beside the server’s own error, said once in a test.',
  examples: [
    {
      title: 'a reference that is still missing at COMMIT',
      file: 'orders.test.mjs',
      reportedBy: ['runtime'],
      bad: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) =>
    client.query(\`create table customers (id int primary key);
      create table orders (customer int references customers deferrable initially deferred)\`),
});

test('takes an order', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('begin; insert into orders values (1); commit');
});
`,
      good: `import { test } from 'node:test';
import { postgres } from 'savepoint/pg';

const db = postgres({
  connectionString: process.env.TEST_DATABASE_URL,
  migrate: (client) =>
    client.query(\`create table customers (id int primary key);
      create table orders (customer int references customers deferrable initially deferred)\`),
});

test('takes an order', async (t) => {
  const pool = await db.rollback(t);
  await pool.query('begin; insert into orders values (1); insert into customers values (1); commit');
});
`,
    },
  ],
});
