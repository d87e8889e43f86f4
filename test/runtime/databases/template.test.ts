import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';
import { postgres } from '../../../runtime/src/pg/index.ts';
import { markText } from '../../../runtime/src/pg/database-names.ts';
import { readMigrations, type Migrate, type Origin } from '../../../runtime/src/pg/migrations.ts';
import { Owner } from '../../../runtime/src/pg/owner.ts';
import type { Run } from '../../../runtime/src/pg/run.ts';
import { migratedTemplate } from '../../../runtime/src/pg/template.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { administer, connectionStringTo } from '../../support/database.ts';
import { untilOthersWait } from './waiting.ts';

/** SQL that no other test has, so that its database is this test's own. */
function own(sql: string): string {
  return `${sql} -- ${randomBytes(8).toString('hex')}`;
}

function origin(): Origin {
  return { trace: captureTrace(), number: 0 };
}

interface Circumstances {
  readonly server?: string;
  readonly run?: Partial<Run>;
  /** Another one for each test, so that none takes the place of another's. */
  readonly lineage?: string;
}

async function prepare(
  t: TestContext,
  migrate: Migrate,
  { server, run, lineage = randomBytes(8).toString('hex') }: Circumstances = {},
) {
  const read = await readMigrations(migrate, { trace: captureTrace(), number: 0 });
  const migrations = { ...read, lineage, run: read.run && { ...read.run, ...run } };
  const made = await migratedTemplate(server ?? (await connectionStringTo('postgres')), migrations);
  const connectionString = await made.shared();
  made.prune();
  const name = new URL(connectionString).pathname.slice(1);
  const template = name.replace('_shared_', '_template_');
  const release = once(() => made.release());
  scopeOf(t).defer(async () => {
    await release();
    for (const each of [name, template])
      await administer(`drop database if exists ${each} with (force)`);
  });
  return { connectionString, name, template, release };
}

function once<T>(work: () => T): () => T {
  let answer: { readonly value: T } | undefined;
  return () => (answer ??= { value: work() }).value;
}

async function rowsOf(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function databaseExists(name: string): Promise<boolean> {
  const rows = await rowsOf(
    await connectionStringTo('postgres'),
    `select from pg_database where datname = '${name}'`,
  );
  return rows.length > 0;
}

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  scopeOf(t).defer(() => rm(folder, { recursive: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return folder;
}

// ---- once

test('migrations run once however many start together', async (t) => {
  let ran = 0;
  const migrate: Migrate = {
    fingerprint: own(''),
    migrate: async (client) => {
      ran += 1;
      await client.query('create table users (id int)');
    },
  };
  const all = await Promise.all(Array.from({ length: 8 }, () => prepare(t, migrate)));
  assert.equal(ran, 1);
  assert.equal(new Set(all.map(({ name }) => name)).size, 1);
  assert.deepEqual(await rowsOf(all[0]?.connectionString ?? '', 'select * from users'), []);
});

test('a database without the mark of a finished one is made anew', async (t) => {
  const sql = own('create table users (id int)');
  const first = await prepare(t, sql);
  await administer(`comment on database ${first.template} is null`);
  await rowsOf(first.connectionString, 'drop table users');

  const second = await prepare(t, sql);
  assert.equal(second.name, first.name);
  assert.deepEqual(await rowsOf(second.connectionString, 'select * from users'), []);
});

test('a finished database is found again, with all that is in it', async (t) => {
  const sql = own('create table users (id int)');
  const first = await prepare(t, sql);
  await rowsOf(first.connectionString, 'insert into users values (7)');
  const second = await prepare(t, sql);
  assert.deepEqual(await rowsOf(second.connectionString, 'select id from users'), [{ id: 7 }]);
});

// ---- what is a different database

test('a function is known by the place it is given at', async () => {
  const declare = () => readMigrations(() => undefined, origin());
  const [one, same] = await Promise.all([1, 2].map(declare));
  const other = await declare();
  assert.equal(one?.fingerprint, same?.fingerprint);
  assert.notEqual(one?.fingerprint, other.fingerprint);
});

const DIRECTORIES: readonly (readonly [
  what: string,
  same: boolean,
  files: Record<string, string>,
])[] = [
  ['the same', true, { '1.sql': 'select 1', '2.sql': 'select 2' }],
  ['other content', false, { '1.sql': 'select 1', '2.sql': 'select 3' }],
  ['another name', false, { '1.sql': 'select 1', '3.sql': 'select 2' }],
  ['another order', false, { '2.sql': 'select 1', '1.sql': 'select 2' }],
  ['one more', false, { '1.sql': 'select 1', '2.sql': 'select 2', '3.sql': '' }],
  ['one less', false, { '1.sql': 'select 1' }],
  ['the cut elsewhere', false, { '1.sql': 'select 12.sqlselect 2' }],
  ['no SQL besides', true, { '1.sql': 'select 1', '2.sql': 'select 2', 'README.md': 'x' }],
  ['a way back besides', true, { '1.sql': 'select 1', '2.sql': 'select 2', '2.down.sql': 'x' }],
];

test('a directory is known by names, order and contents', async (t) => {
  const fingerprint = async (files: Readonly<Record<string, string>>) =>
    (await readMigrations({ directory: await folderOf(t, files) }, origin())).fingerprint;
  const base = await fingerprint({ '1.sql': 'select 1', '2.sql': 'select 2' });
  for (const [what, same, files] of DIRECTORIES) {
    assert.equal((await fingerprint(files)) === base, same, what);
  }
});

test('files run in the order of their names', async (t) => {
  const directory = await folderOf(t, {
    '002_name.sql': own('alter table users add name text;'),
    '001_users.sql': 'create table users (id int);',
    '003_row.sql': `insert into users values (1, 'Ada');`,
    '003_row.down.sql': 'drop table users;',
  });
  const { connectionString } = await prepare(t, { directory });
  assert.deepEqual(await rowsOf(connectionString, 'select * from users'), [{ id: 1, name: 'Ada' }]);
});

test('a function can hand the database to a tool', async (t) => {
  const { connectionString } = await prepare(t, async (_client, given) => {
    await rowsOf(given, 'create table users (id int)');
  });
  assert.deepEqual(await rowsOf(connectionString, 'select * from users'), []);
});

// ---- failures

interface Failure {
  readonly what: string;
  readonly migrate: (t: TestContext) => Migrate | Promise<Migrate>;
  /** The first line, or two. */
  readonly says: RegExp;
}

const FAILURES: readonly Failure[] = [
  {
    what: 'SQL',
    migrate: () => own('create table a (id int);\ncreate tabel b ();'),
    says: /^syntax error at or near "tabel"\n {2}at line 2, column 8 of the SQL given at \/.*template\.test\.ts:\d+:\d+: create tabel b/,
  },
  {
    what: 'a file',
    migrate: async (t) => ({
      directory: await folderOf(t, {
        '1.sql': own('create table a (id int);'),
        '2.sql': `-- é𝄞\nselect 'é𝄞', missing;`,
      }),
    }),
    says: /^column "missing" does not exist\n {2}at \/.*2\.sql:2:14: select 'é𝄞', missing;/,
  },
  {
    what: 'data',
    migrate: () => own('create table a (id int unique);\n\n -- é\n insert into a values (1), (1);'),
    says: /^duplicate key value[^]*\n {2}at line 4, column 2 of the SQL [^]*\n {2}detail: Key \(id\)=\(1\) already exists\./,
  },
  {
    what: 'a function',
    migrate: () => () => Promise.reject(new Error('no such schema')),
    says: /^no such schema\n {2}at \/.*template\.test\.ts:\d+:\d+\n {2}This migration failed/,
  },
  {
    what: 'a function that leaves its transaction open',
    migrate: () => async (client) => {
      await client.query('begin; create table a (id int)');
    },
    says: /^The migration given at \/.*template\.test\.ts:\d+:\d+ ended with a transaction still open/,
  },
];

for (const { what, migrate, says } of FAILURES) {
  test(`everyone who waits hears why a migration fails: ${what}`, async (t) => {
    const server = await connectionStringTo('postgres');
    const migrations = await readMigrations(await migrate(t), origin());
    const waiting = Array.from({ length: 3 }, () => migratedTemplate(server, migrations));
    for (const result of await Promise.allSettled(waiting)) {
      assert.ok(result.status === 'rejected');
      const error = result.reason as Error & { code?: string };
      assert.match(error.message, says);
      assert.equal(error.code, 'ERR_SAVEPOINT_MIGRATION');
    }
  });
}

test('a migration that fails runs once for all who wait', async (t) => {
  const server = await connectionStringTo('postgres');
  const role = await roleOf(t);
  const own = Object.assign(new URL(server), { username: role, password: 's3cret' }).href;
  let ran = 0;
  const migrations = await readMigrations(
    {
      fingerprint: randomBytes(8).toString('hex'),
      migrate: async (client) => {
        ran += 1;
        await untilOthersWait(client, 2);
        throw new Error('too bad');
      },
    },
    origin(),
  );
  const results = await Promise.allSettled([1, 2, 3].map(() => migratedTemplate(own, migrations)));
  for (const result of results) {
    assert.ok(result.status === 'rejected');
    assert.match((result.reason as Error).message, /^too bad\n {2}at /);
  }
  assert.equal(ran, 1);
});

test('a failed migration leaves no database', async (t) => {
  let name: unknown;
  const migrate: Migrate = {
    fingerprint: own(''),
    migrate: async (client) => {
      ({ name } = (await client.query('select current_database() as name')).rows[0] as {
        name: unknown;
      });
      throw new Error('too late');
    },
  };
  await assert.rejects(prepare(t, migrate), /too late/);
  assert.equal(await databaseExists(String(name)), false);
});

/** Migrations that fail the first time, on a template that somebody holds all the while. */
async function failOnce(t: TestContext, server: string, message: string) {
  const holder = await Owner.on(server);
  scopeOf(t).defer(() => holder.release());
  let template = '';
  const migrate: Migrate = {
    fingerprint: own(''),
    migrate: async (client) => {
      if (template) return;
      template = client.database ?? '';
      await holder.claim(holder.names.read(template)?.holder ?? '');
      throw new Error(message);
    },
  };
  await assert.rejects(prepare(t, migrate, { server }));
  scopeOf(t).defer(() => administer(`drop database if exists ${template} with (force)`));
  assert.equal(await databaseExists(template), true);
  return { migrate, template, letGo: () => holder.release() };
}

test('a failure that was there before is no reason not to try anew', async (t) => {
  const { migrate } = await failOnce(t, await connectionStringTo('postgres'), 'too early');
  await prepare(t, migrate);
});

test('a failed migration that nobody waits for any more goes with the next start', async (t) => {
  const server = await connectionStringTo('postgres');
  const { template, letGo } = await failOnce(t, server, 'too bad');
  await letGo();
  const made = await prepare(t, own(''));
  await made.release();
  while (await databaseExists(template)) await setImmediate();
});

test('who fails after another has finished leaves it as it is', async (t) => {
  const server = await connectionStringTo('postgres');
  let template = '';
  scopeOf(t).defer(() => administer(`drop database if exists ${template}`));
  const ready = pg.escapeLiteral(markText({ is: 'ready', lineage: 'another' }));
  const migrate: Migrate = {
    fingerprint: own(''),
    migrate: async (_client, connectionString) => {
      template = new URL(connectionString).pathname.slice(1);
      await administer(`comment on database ${template} is ${ready}`);
      throw new Error('the connection was lost');
    },
  };
  const migrations = await readMigrations(migrate, origin());
  await assert.rejects(
    migratedTemplate(server, migrations),
    /^SetupError: the connection was lost/,
  );
  const [comment] = await rowsOf(
    server,
    `select shobj_description(oid, 'pg_database') = ${ready} as same from pg_database where datname = '${template}'`,
  );
  assert.deepEqual(comment, { same: true });
});

test('what a failed migration leaves on the server tells no password', async (t) => {
  const role = await roleOf(t);
  const server = Object.assign(new URL(await connectionStringTo('postgres')), {
    username: role,
    password: 's3cret',
  }).href;
  const said = `cannot connect to ${server} with {"password":"hunter2"}: create role a password 'tiger'`;
  const { template } = await failOnce(t, server, said);
  const [{ comment } = { comment: '' }] = (await rowsOf(
    server,
    `select shobj_description(oid, 'pg_database') as comment from pg_database where datname = '${template}'`,
  )) as { comment: string }[];
  assert.match(comment, new RegExp(`cannot connect to postgres(ql)?://${role}:…@`));
  assert.doesNotMatch(comment, /s3cret|hunter2|tiger/);
});

test('a directory that is not there, or holds nothing, is named', async (t) => {
  const empty = await folderOf(t, {});
  await assert.rejects(
    readMigrations({ directory: join(empty, 'absent') }, origin()),
    /absent cannot be read \(ENOENT\)/,
  );
  await assert.rejects(readMigrations({ directory: empty }, origin()), /holds no \.sql file/);
});

test('what is wrong with migrations is said although no server answers', async () => {
  const absent = readMigrations({ directory: 'absent' }, origin());
  await assert.rejects(migratedTemplate('postgres://127.0.0.1:1/postgres', absent), {
    code: 'ERR_SAVEPOINT_MIGRATIONS',
  });
});

// ---- roles

/** A role of this test's own; answers its name. */
async function roleOf(t: TestContext, may = 'createdb'): Promise<string> {
  const role = `app_${randomBytes(4).toString('hex')}`;
  await administer(`create role ${role} login ${may} password 's3cret'`);
  scopeOf(t).defer(() => administer(`drop role ${role}`));
  return role;
}

test('a role that may not create databases is told so', async (t) => {
  const role = await roleOf(t, 'nocreatedb');
  const { host } = new URL(await connectionStringTo('postgres'));
  const server = `postgres://${role}:s3cret@${host}/postgres`;
  await assert.rejects(prepare(t, own(''), { server }), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_SAVEPOINT_CREATEDB');
    assert.match(error.message, new RegExp(`ALTER ROLE "${role}" CREATEDB`));
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  });
});

test('a role whose transactions are read-only is told so', async (t) => {
  const role = await roleOf(t);
  await administer(`alter role ${role} set default_transaction_read_only = on`);
  const { host } = new URL(await connectionStringTo('postgres'));
  const server = `postgres://${role}:s3cret@${host}/postgres`;
  const refused = (error: Error & { code?: string }) => {
    assert.equal(error.code, 'ERR_SAVEPOINT_READ_ONLY');
    assert.match(
      error.message,
      new RegExp(`ALTER ROLE "${role}" SET default_transaction_read_only`),
    );
    assert.doesNotMatch(error.message, /s3cret/);
    return true;
  };
  await assert.rejects(prepare(t, own(''), { server }), refused);
  const asIs = postgres({ connectionString: server, allowDatabase: 'postgres' });
  await assert.rejects(asIs.clone(t), refused);
});

// ---- orphans

test('a start drops what ended runs left, and nothing that is held or of a run that goes on', async (t) => {
  const ended = { started: 'before this process had its number' };
  const left = await prepare(t, () => 'left', { run: ended });
  const held = await prepare(t, () => 'held', { run: ended });
  const ours = await prepare(t, () => 'ours');
  await Promise.all([left.release(), ours.release()]);

  const next = await prepare(t, own(''));

  // Another process of this test run may be the one that is dropping it.
  while (await databaseExists(left.name)) await setImmediate();
  const there = await Promise.all([held, ours, next].map(({ name }) => databaseExists(name)));
  assert.deepEqual(there, [true, true, true]);
});
