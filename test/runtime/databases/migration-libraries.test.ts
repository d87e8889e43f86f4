/** The migrations of libraries, run by the libraries that are installed here, on the real server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { withConnection } from '../../../runtime/src/pg/connect.ts';
import { readMigrations, type Migrate } from '../../../runtime/src/pg/migrations.ts';
import type { LibraryName } from '../../../runtime/src/pg/migrations/libraries.ts';
import { load } from '../../../runtime/src/pg/migrations/library.ts';
import { migratedTemplate } from '../../../runtime/src/pg/template.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { administer, connectionStringTo } from '../../support/database.ts';

type Files = Readonly<Record<string, string>>;

async function folderOf(t: TestContext, files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  scopeOf(t).defer(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function prepare(t: TestContext, migrate: Migrate): Promise<string> {
  const origin = { trace: captureTrace(), number: 0 };
  const read = await readMigrations(migrate, origin);
  const migrations = { ...read, lineage: randomBytes(8).toString('hex') };
  const made = await migratedTemplate(await connectionStringTo('postgres'), migrations);
  scopeOf(t).defer(() => made.release());
  const connectionString = await made.shared();
  const name = new URL(connectionString).pathname.slice(1);
  scopeOf(t).defer(async () => {
    for (const each of [name, name.replace('_shared_', '_template_')])
      await administer(`drop database if exists ${each} with (force)`);
  });
  return connectionString;
}

/** What makes the files of one test different from those of every other run. */
const salt = randomBytes(8).toString('hex');

const SQL = `-- ${salt}\ncreate table users (id int primary key);\n`;
const JOURNAL = (tags: readonly string[]) =>
  JSON.stringify({
    version: '7',
    dialect: 'postgresql',
    entries: tags.map((tag, idx) => ({ idx, version: '7', when: idx + 1, tag, breakpoints: true })),
  });

interface Subject {
  /** Makes `users` with a column `name`, in two migrations. */
  readonly files: Files;
  /** Beside the first of them: a second one that fails. */
  readonly failing: Files;
  /** The first lines of what is said then; `DIRECTORY` stands for the path. */
  readonly says: RegExp;
}

const SUBJECTS: Record<LibraryName, Subject> = {
  'node-pg-migrate': {
    files: {
      '1_users.sql': SQL,
      '2_name.js': `export const up = (pgm) => pgm.addColumn('users', { name: 'text' });`,
    },
    failing: {
      '1_users.sql': SQL,
      '2_name.sql': 'select 1;\nalter table absent add name text;',
    },
    says: /^relation "absent" does not exist\n {2}at DIRECTORY\/2_name\.sql/,
  },
  knex: {
    files: {
      '1_users.mjs': `export const up = (knex) => knex.raw(${JSON.stringify(SQL)}); export const down = () => undefined;`,
      '2_name.mjs': `export const up = (knex) => knex.schema.alterTable('users', (t) => t.text('name')); export const down = () => undefined;`,
    },
    failing: {
      '1_users.mjs': `export const up = (knex) => knex.raw(${JSON.stringify(SQL)}); export const down = () => undefined;`,
      '2_name.mjs': `export const down = () => undefined;\nexport const up = (knex) =>\n  knex.schema.alterTable('absent', (t) => t.text('name'));`,
    },
    says: /relation "absent" does not exist\n {2}at DIRECTORY\/2_name\.mjs:3:\d+/,
  },
  kysely: {
    files: {
      '1_users.mjs': `export const up = (db) => db.schema.createTable('users').addColumn('id', 'integer').execute(); // ${salt}`,
      '2_name.mjs': `export const up = (db) => db.schema.alterTable('users').addColumn('name', 'text').execute();`,
    },
    failing: {
      '1_users.mjs': `export const up = (db) => db.schema.createTable('users').addColumn('id', 'integer').execute(); // ${salt}`,
      '2_name.mjs': `export async function up(db) {\n  await db.schema.alterTable('absent').addColumn('name', 'text').execute();\n}`,
    },
    says: /^relation "absent" does not exist\n {2}at DIRECTORY\/2_name\.mjs:2:\d+/,
  },
  drizzle: {
    files: {
      'meta/_journal.json': JOURNAL(['0000_users', '0001_name']),
      '0000_users.sql': SQL,
      '0001_name.sql': 'select 1;--> statement-breakpoint\nalter table users add name text;',
    },
    failing: {
      'meta/_journal.json': JOURNAL(['0000_users', '0001_name']),
      '0000_users.sql': SQL,
      '0001_name.sql': 'select 1;--> statement-breakpoint\nselect absent;',
    },
    says: /^column "absent" does not exist\n {2}at DIRECTORY\/0001_name\.sql:2:8: select absent;/,
  },
  umzug: {
    files: {
      '1_users.mjs': `export const up = ({ context }) => context.query(${JSON.stringify(SQL)});`,
      '2_name.mjs': `export const up = ({ context }) => context.query('alter table users add name text');`,
    },
    failing: {
      '1_users.mjs': `export const up = ({ context }) => context.query(${JSON.stringify(SQL)});`,
      '2_name.mjs': `export async function up({ context }) {\n  await context.query('alter table absent add name text');\n}`,
    },
    says: /^relation "absent" does not exist\n {2}at DIRECTORY\/2_name\.mjs:2:\d+/,
  },
  prisma: {
    files: {
      'migration_lock.toml': 'provider = "postgresql"',
      '20260101000000_users/migration.sql': SQL,
      '20260102000000_name/migration.sql': 'alter table users add name text;',
    },
    failing: {
      '20260101000000_users/migration.sql': SQL,
      '20260102000000_name/migration.sql': 'select 1;\nselect absent;',
    },
    says: /^column "absent" does not exist\n {2}at DIRECTORY\/20260102000000_name\/migration\.sql:2:8: select absent;/,
  },
};

for (const [name, { files, failing, says }] of Object.entries(SUBJECTS)) {
  const library = name as LibraryName;
  describe(`migrations of ${name}`, { timeout: 300_000 }, () => {
    test('make the schema', async (t) => {
      const directory = await folderOf(t, files);
      const connectionString = await prepare(t, { directory, with: library });
      const { fields } = await withConnection(connectionString, (client) =>
        client.query('select * from users'),
      );
      assert.deepEqual(
        fields.map((field) => field.name),
        ['id', 'name'],
      );
    });

    test('that fail say where', async (t) => {
      const directory = await folderOf(t, failing);
      await assert.rejects(prepare(t, { directory, with: library }), (error: Error) => {
        assert.equal((error as { code?: unknown }).code, 'ERR_SAVEPOINT_MIGRATION');
        assert.match(error.message.replaceAll(directory, 'DIRECTORY'), says);
        return true;
      });
    });

    test('are known by every file, and by the options', async (t) => {
      const origin = { trace: captureTrace(), number: 0 };
      const of = async (changed: Files, options = {}) => {
        const directory = await folderOf(t, { ...files, ...changed });
        const migrations = await readMigrations({ directory, with: library, options }, origin);
        return migrations.fingerprint;
      };
      const base = await of({});
      assert.equal(await of({}), base);
      assert.notEqual(await of({ 'helper.txt': 'x' }), base);
      assert.notEqual(await of({}, { schema: 'app' }), base);
    });
  });
}

test('options may be made for the database that is migrated', async (t) => {
  const directory = await folderOf(t, {
    '1_users.mjs': `export const up = ({ context }) => context.run('create table users (id int)'); // ${salt}`,
  });
  const connectionString = await prepare(t, {
    directory,
    with: 'umzug',
    options: (client) => ({ context: { run: (sql: string) => client.query(sql) } }),
  });
  await withConnection(connectionString, (client) => client.query('select * from users'));
});

test('a library that is not installed is named', async () => {
  await assert.rejects(load('no-such-migrator/pg'), {
    code: 'ERR_SAVEPOINT_MIGRATIONS',
    message:
      /run by no-such-migrator, which is not installed: npm install --save-dev no-such-migrator$/,
  });
});

// ---- directories that are none

interface Wrong {
  readonly what: string;
  readonly files: Files;
  readonly with?: LibraryName;
  readonly says: RegExp;
}

const WRONG: readonly Wrong[] = [
  {
    what: 'no migration of the library',
    files: { 'a.txt': '' },
    with: 'knex',
    says: /holds no migration of knex\.$/,
  },
  { what: 'no SQL', files: { 'a.txt': '' }, says: /holds no \.sql file\.$/ },
  {
    what: 'a migration and its way up',
    files: { '1_users.sql': '', '1_users.up.sql': '' },
    says: /holds two migrations of the name "1_users": 1_users\.sql and 1_users\.up\.sql\. Rename/,
  },
  {
    what: 'names that differ in case only',
    files: { '1_Users.sql': '', '1_users.sql': '' },
    says: /two migrations of the name "1_users": 1_Users\.sql and 1_users\.sql/,
  },
  {
    what: 'a source and what was compiled from it',
    files: { '1_users.ts': '', '1_users.js': '', '1_users.d.ts': '', '1_users.js.map': '' },
    with: 'kysely',
    says: /two migrations of the name "1_users": 1_users\.js and 1_users\.ts/,
  },
  {
    what: 'a script and SQL of one name',
    files: { '1_users.sql': '', '1_users.js': '' },
    with: 'node-pg-migrate',
    says: /two migrations of the name "1_users": 1_users\.js and 1_users\.sql/,
  },
];

test('a directory that holds nothing, or two migrations of one name, is refused', async (t) => {
  const origin = { trace: captureTrace(), number: 0 };
  for (const { what, files, with: library, says } of WRONG) {
    const directory = await folderOf(t, files);
    const migrate = library ? { directory, with: library } : { directory };
    await assert.rejects(
      readMigrations(migrate, origin),
      { code: 'ERR_SAVEPOINT_MIGRATIONS', message: says },
      what,
    );
  }
});

// ---- bad input that the server tells

test('SQL that cannot run in a transaction is told its place and the way out', async (t) => {
  const directory = await folderOf(t, {
    '1_users.sql': SQL,
    '2_index.sql': 'select 1;\ncreate index concurrently users_id on users (id);',
  });
  await assert.rejects(prepare(t, { directory }), (error: Error) => {
    assert.match(
      error.message.replaceAll(directory, 'DIRECTORY'),
      /^CREATE INDEX CONCURRENTLY cannot (be executed from a pipeline|run inside a transaction block)\n {2}at DIRECTORY\/2_index\.sql:2:1: create index concurrently[^\n]*\n {2}The server runs .* a migration of its own/,
    );
    return true;
  });
});

test('alone in its file it runs', async (t) => {
  const directory = await folderOf(t, {
    '1_users.sql': SQL,
    '2_index.sql': '-- alone\ncreate index concurrently users_id on users (id);',
  });
  await prepare(t, { directory });
});

test('migrations that leave a connection open are told which', async (t) => {
  await assert.rejects(
    prepare(t, async (_client, connectionString) => {
      const { default: pg } = await import('pg');
      const left = new pg.Client({ connectionString, application_name: 'a migrator' });
      scopeOf(t).defer(() => left.end());
      left.on('error', () => undefined);
      await left.connect();
    }),
    (error: Error) => {
      assert.equal((error as { code?: unknown }).code, 'no-template-in-use');
      assert.match(error.message, /others are connected to it: "a migrator" of postgres/);
      return true;
    },
  );
});
