/**
 * Random programs. Each draws from a few families of statements only, so that those it has meet
 * each other often. Nothing is drawn whose result is another each time (clocks, transaction ids).
 */
import fc from 'fast-check';
import type { ClientName, Program, Speaker, Step } from './program.ts';

/** A text that one client says, or a text with values, or what goes through a stream. */
type Said =
  | string
  | { readonly sql: string; readonly values: readonly unknown[] }
  | { readonly copy: string; readonly input?: string };

/** Statements by what they are about. `{me}` stands for the client's own name. */
const FAMILIES = {
  writing: [
    "INSERT INTO users (id, name) VALUES (2, 'Grace')",
    "INSERT INTO users (id, name, age) VALUES (3, 'Edsger', 72), (4, 'Barbara', NULL) RETURNING id, name",
    "INSERT INTO users (id, name) VALUES (2, 'again') ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING *",
    'INSERT INTO users (id) SELECT generate_series(10, 12) ON CONFLICT DO NOTHING',
    "UPDATE users SET name = name || '!' WHERE id = 1 RETURNING name",
    'UPDATE users SET age = coalesce(age, 0) + 1',
    'DELETE FROM users WHERE id > 1',
    'MERGE INTO users u USING (VALUES (2), (5)) AS v (id) ON u.id = v.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)',
    'WITH gone AS (DELETE FROM tags RETURNING *) INSERT INTO log (line) SELECT tag FROM gone',
    'SELECT try_insert(2)',
    'CALL add_user(6)',
    "DO $$ BEGIN INSERT INTO users (id) VALUES (7); RAISE NOTICE 'done'; END $$",
    {
      sql: 'INSERT INTO users (id, name, age) VALUES ($1, $2, $3) RETURNING *',
      values: [8, 'Ada 2', 20],
    },
    { sql: 'UPDATE users SET mood = $1 WHERE id = ANY($2::int[])', values: ['wild', [1, 2]] },
    'COPY log (line) FROM PROGRAM $$echo$$',
  ],
  reading: [
    'SELECT id, name, age, mood FROM users ORDER BY id',
    'SELECT count(*) FROM posts',
    'SELECT line FROM log ORDER BY n',
    'TABLE adults',
    "SELECT say('hello')",
    'SELECT 1 AS one, 2 AS one',
    'VALUES (1, true), (NULL, false)',
    'SELECT',
    'SELECT 1 FROM users FOR UPDATE',
    "SELECT mood, '{1,2}'::int[], '2020-01-01'::date, 1.5::numeric, NULL, '{\"a\":1}'::jsonb FROM users WHERE id = 1",
    'EXPLAIN (COSTS OFF) SELECT 1',
    'SHOW transaction_read_only',
    'SHOW transaction_isolation',
    'SELECT pg_catalog.pg_column_size(1)',
    { sql: 'SELECT $1::int + 1 AS n, $2 AS t', values: [1, 'x'] },
    { sql: 'SELECT $1::text', values: [null] },
    '',
    ';',
    '-- nothing',
  ],
  failing: [
    'INSERT INTO users (id) VALUES (1)',
    "INSERT INTO users (id, name) VALUES (9, 'Ada')",
    'INSERT INTO users (id, age) VALUES (9, -1)',
    'INSERT INTO users (id, mood) VALUES (9, NULL)',
    'INSERT INTO posts (editor) VALUES (99)',
    'INSERT INTO tags VALUES (99, $$x$$)',
    'DELETE FROM users WHERE id = 1; SELECT 1',
    'SELECT 1 / 0',
    'SELEKT',
    'SELECT 1 +',
    'SELECT * FROM nowhere',
    'SELECT nothing FROM users',
    "SELECT 'x'::int",
    'SELECT nosuch(1)',
    "SELECT 'é🦊', * FROM nowhere",
    'CALL add_user(1)',
    "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'T0002', DETAIL = 'd', HINT = 'h'; END $$",
    "SELECT say('before'), 1 / (SELECT count(*) FROM users WHERE id = 77)",
    { sql: 'SELECT $1::int', values: ['x'] },
    { sql: 'SELECT $1::int, $2::int', values: [1] },
    { sql: 'SELECT 1; SELECT $1::int', values: [1] },
    "SELECT 'never closed",
    'EXECUTE nosuch',
    'COPY users FROM STDIN',
    'LOCK TABLE nowhere',
    'LOCK users,',
    'DECLARE c CURSOR FOR SELECT * FROM nowhere',
  ],
  deferred: [
    'INSERT INTO posts (author) VALUES (1)',
    'INSERT INTO posts (author) VALUES (20)',
    'INSERT INTO users (id) VALUES (20)',
    "INSERT INTO posts (slug) VALUES ('first')",
    "UPDATE posts SET slug = slug || 'x'",
    "INSERT INTO tags VALUES (1, 'bad')",
    "INSERT INTO tags VALUES (1, 'fine')",
    "DELETE FROM tags WHERE tag = 'bad'",
    'INSERT INTO posts (editor) VALUES (21)',
    'DELETE FROM posts',
    'DELETE FROM users WHERE id = 1',
    'SET CONSTRAINTS ALL DEFERRED',
    'SET CONSTRAINTS ALL IMMEDIATE',
    'SET CONSTRAINTS posts_editor_fkey DEFERRED',
    'SET CONSTRAINTS posts_author_fkey, logged IMMEDIATE',
    'SET CONSTRAINTS checked IMMEDIATE',
    'SET CONSTRAINTS nosuch IMMEDIATE',
    'SELECT line FROM log ORDER BY n',
  ],
  savepoints: [
    'SAVEPOINT s',
    'SAVEPOINT r',
    'SAVEPOINT "S"',
    'ROLLBACK TO s',
    'ROLLBACK TO SAVEPOINT r',
    'ROLLBACK TRANSACTION TO "S"',
    'RELEASE s',
    'RELEASE SAVEPOINT r',
    'RELEASE nosuch',
  ],
  modes: [
    'BEGIN READ ONLY',
    'START TRANSACTION READ ONLY, READ WRITE',
    'BEGIN ISOLATION LEVEL READ COMMITTED',
    'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE',
    'BEGIN NOT DEFERRABLE',
    'BEGIN DEFERRABLE',
    'SET TRANSACTION READ ONLY',
    'SET TRANSACTION READ WRITE',
    'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SET LOCAL TRANSACTION READ ONLY',
    'SHOW transaction_read_only',
    'SHOW transaction_isolation',
    'SHOW transaction_deferrable',
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
    'BEGIN ISOLATION LEVEL READ UNCOMMITTED',
    'SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED, READ ONLY',
    'SET TRANSACTION DEFERRABLE',
    'SET TRANSACTION NOT DEFERRABLE',
    'SET LOCAL transaction_deferrable = on',
    'SET transaction_read_only = off',
    'SET default_transaction_deferrable = on',
    'SET default_transaction_read_only = on',
    'RESET default_transaction_read_only',
    'SHOW TRANSACTION ISOLATION LEVEL',
    "SELECT current_setting('transaction_read_only')",
    "SELECT current_setting('transaction_isolation')",
    'INSERT INTO users (id) VALUES (60)',
    'SAVEPOINT s',
    'RELEASE s',
    'ROLLBACK TO s',
    'BEGIN READ',
    'BEGIN; BEGIN',
  ],
  settings: [
    'SET work_mem = 1111',
    'SET SESSION work_mem TO 2222',
    'SET LOCAL work_mem = 3333',
    'SET LOCAL work_mem TO DEFAULT',
    'RESET work_mem',
    'SHOW work_mem',
    "SET app.who = 'ada'",
    "SET LOCAL app.who = 'grace'",
    "SELECT set_config('app.who', 'edsger', true)",
    "SELECT set_config('app.who', 'barbara', false)",
    { sql: 'SELECT set_config($1, $2, true)', values: ['app.who', 'x'] },
    "SELECT nullif(current_setting('app.who', true), '')",
    'SET LOCAL search_path TO nowhere',
    'SET search_path TO public, nowhere',
    'RESET search_path',
    'SELECT current_schemas(false)',
    'SET LOCAL TIME ZONE 3',
    "SET TIME ZONE 'UTC'",
    'SHOW timezone',
    "SELECT '2020-01-01T00:00Z'::timestamptz::text",
    'SET statement_timeout = 100000',
    'SHOW statement_timeout',
    'RESET ALL',
    'SET nosuch = 1',
    'SET LOCAL nosuch = 1',
    "SET LOCAL app.user = 'no word for a name'",
    'SET work_mem = nosuch',
    'SET default_transaction_read_only = off',
  ],
  cursors: [
    'DECLARE c CURSOR FOR SELECT generate_series(1, 5) AS n',
    'DECLARE c SCROLL CURSOR FOR SELECT generate_series(1, 5) AS n',
    'DECLARE d CURSOR FOR SELECT id FROM users ORDER BY id FOR UPDATE',
    'DECLARE h_{me} CURSOR WITH HOLD FOR SELECT generate_series(1, 5) AS n',
    'FETCH c',
    'FETCH 2 FROM c',
    'FETCH ALL IN c',
    'FETCH BACKWARD 1 FROM c',
    'MOVE c',
    'FETCH d',
    "UPDATE users SET name = 'current' WHERE CURRENT OF d",
    'FETCH h_{me}',
    'DECLARE h_{me} SCROLL CURSOR WITH HOLD FOR SELECT id FROM users ORDER BY id',
    'DECLARE h_{me} CURSOR WITH HOLD FOR SELECT u.name, u.mood, p.slug FROM users u LEFT JOIN posts p ON p.author = u.id ORDER BY u.id',
    'DECLARE h_{me} NO SCROLL CURSOR WITH HOLD FOR SELECT say(name), id FROM users ORDER BY id',
    'DECLARE h_{me} CURSOR WITH HOLD FOR SELECT 6 / (4 - n) AS n FROM generate_series(1, 5) AS n',
    'DECLARE e NO SCROLL CURSOR FOR SELECT 1 / (n - 2) FROM generate_series(1, 3) AS n',
    'FETCH ALL FROM e',
    'FETCH PRIOR FROM c',
    'FETCH ABSOLUTE 2 FROM h_{me}',
    'FETCH 2 FROM h_{me}',
    'FETCH BACKWARD 1 FROM h_{me}',
    'FETCH RELATIVE 0 FROM c',
    'MOVE FORWARD ALL IN h_{me}',
    'FETCH nosuch',
    'CLOSE ALL',
    'CLOSE c',
    'CLOSE d',
    'CLOSE h_{me}',
    'SELECT name, is_holdable, is_scrollable FROM pg_cursors WHERE name IN ($$c$$, $$d$$) ORDER BY name',
  ],
  temporary: [
    'CREATE TEMP TABLE scratch_{me} (n int) ON COMMIT DROP',
    'CREATE TEMP TABLE IF NOT EXISTS kept_{me} (n int) ON COMMIT DELETE ROWS',
    'CREATE TEMPORARY TABLE plain_{me} AS SELECT 1 AS n',
    'INSERT INTO scratch_{me} VALUES (1)',
    'INSERT INTO kept_{me} VALUES (1), (2)',
    'INSERT INTO plain_{me} VALUES (3) RETURNING n',
    'TABLE scratch_{me}',
    'TABLE kept_{me}',
    'SELECT n FROM plain_{me} ORDER BY n',
    'DROP TABLE scratch_{me}',
    'DROP TABLE IF EXISTS kept_{me}',
    'DROP TABLE IF EXISTS plain_{me}',
  ],
  schema: [
    'CREATE TABLE extra (id serial PRIMARY KEY, n int UNIQUE)',
    'INSERT INTO extra (n) VALUES (1) RETURNING id',
    'SELECT id, n FROM extra ORDER BY id',
    'ALTER TABLE extra ADD COLUMN more text DEFAULT $$x$$',
    'ALTER TABLE users ADD COLUMN extra int',
    'ALTER TABLE users RENAME COLUMN age TO years',
    'DROP TABLE extra',
    'DROP TABLE IF EXISTS extra',
    'DROP TABLE users',
    'DROP TABLE users CASCADE',
    'CREATE INDEX IF NOT EXISTS extra_n ON extra (n)',
    'CREATE VIEW all_users AS SELECT id FROM users',
    'CREATE OR REPLACE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT 2 * n $$',
    'SELECT twice(2)',
    'TRUNCATE tags',
    'TRUNCATE users',
    'TRUNCATE posts RESTART IDENTITY CASCADE',
    'COMMENT ON TABLE users IS $$x$$',
    'CREATE TYPE extra_mood AS ENUM ($$x$$)',
    'SELECT id, name FROM users ORDER BY id',
    'ALTER TABLE posts ALTER CONSTRAINT posts_editor_fkey INITIALLY DEFERRED',
    'CREATE SCHEMA IF NOT EXISTS public',
  ],
  prepared: [
    'PREPARE p_{me} AS SELECT 1 AS n',
    'PREPARE q_{me} (int) AS INSERT INTO users (id) VALUES ($1)',
    'PREPARE r_{me} AS SELECT * FROM users ORDER BY id',
    'EXECUTE p_{me}',
    'EXECUTE q_{me} (30)',
    'EXECUTE r_{me}',
    'EXPLAIN (COSTS OFF) EXECUTE p_{me}',
    'CREATE TEMP TABLE made_{me} AS EXECUTE p_{me}',
    'DEALLOCATE p_{me}',
    'DEALLOCATE PREPARE q_{me}',
    'DEALLOCATE ALL',
    "SELECT name FROM pg_prepared_statements WHERE name LIKE '%\\_{me}' ORDER BY name",
  ],
  shared: [
    'PREPARE everybodys AS SELECT 1 AS n',
    'EXECUTE everybodys',
    'DEALLOCATE everybodys',
    'CREATE TEMP TABLE everybodys (n int)',
    'CREATE TEMP TABLE users (id int)',
    'CREATE TEMP SEQUENCE counting',
    "SELECT nextval('counting')",
    'INSERT INTO everybodys VALUES (1) RETURNING n',
    'SELECT count(*) FROM everybodys',
    'SELECT count(*) FROM users',
    'SELECT count(*) FROM pg_temp.everybodys',
    "SELECT to_regclass('everybodys')::text, to_regclass('pg_temp.users')::text",
    'DROP TABLE everybodys',
    'DROP TABLE IF EXISTS everybodys',
    'DISCARD TEMP',
  ],
  notifying: [
    'LISTEN news',
    'LISTEN "News"',
    'LISTEN other',
    'UNLISTEN news',
    'UNLISTEN *',
    'NOTIFY news',
    "NOTIFY news, 'first'",
    "NOTIFY news, 'second'",
    "NOTIFY other, 'first'",
    'NOTIFY "News"',
    "SELECT pg_notify('news', 'first')",
    "SELECT pg_notify('other', 'x' || 1)",
    { sql: 'SELECT pg_notify($1, $2)', values: ['news', 'parameter'] },
    "SELECT pg_notify('', 'nobody')",
    "NOTIFY news, 'twice'; NOTIFY news, 'twice'; NOTIFY other",
    'SELECT channel FROM pg_listening_channels() AS channel ORDER BY 1',
    'SAVEPOINT s',
    'ROLLBACK TO s',
    'RELEASE s',
    'SELECT 1 / 0',
  ],
  locking: [
    'SELECT pg_try_advisory_lock(1)',
    'SELECT pg_try_advisory_lock(1, 2)',
    'SELECT pg_try_advisory_lock_shared(1)',
    'SELECT pg_try_advisory_lock_shared(2)',
    'SELECT pg_try_advisory_xact_lock(1)',
    'SELECT pg_try_advisory_xact_lock(2) AS got',
    'SELECT pg_try_advisory_xact_lock_shared(1)',
    'SELECT pg_advisory_lock_shared(3)',
    'SELECT pg_advisory_xact_lock_shared(3)',
    'SELECT pg_advisory_lock(4)',
    'SELECT pg_advisory_xact_lock(5)',
    'SELECT pg_advisory_unlock(1)',
    'SELECT pg_advisory_unlock(1, 2)',
    'SELECT pg_advisory_unlock_shared(1)',
    'SELECT pg_advisory_unlock_shared(2)',
    'SELECT pg_advisory_unlock_shared(3)',
    'SELECT pg_advisory_unlock(4)',
    'SELECT pg_advisory_unlock_all()',
    { sql: 'SELECT pg_try_advisory_lock($1) AS got', values: [6] },
    { sql: 'SELECT pg_advisory_unlock($1)', values: [6] },
    'SAVEPOINT s',
    'ROLLBACK TO s',
    'SELECT 1 / 0',
  ],
  roles: [
    'SET ROLE pg_read_all_data',
    'SET LOCAL ROLE pg_read_all_data',
    'SET SESSION ROLE pg_write_all_data',
    'SET ROLE NONE',
    'RESET ROLE',
    'SET ROLE nosuch',
    'SET SESSION AUTHORIZATION pg_read_all_data',
    'SET LOCAL SESSION AUTHORIZATION pg_write_all_data',
    'SET SESSION AUTHORIZATION DEFAULT',
    'RESET SESSION AUTHORIZATION',
    'SELECT current_user = session_user AS same',
    "SELECT current_user LIKE 'pg\\_%' AS acts, session_user LIKE 'pg\\_%' AS is",
    "SELECT current_setting('role')",
    'SELECT id, name FROM users ORDER BY id',
    'INSERT INTO posts (author) VALUES (1)',
    'INSERT INTO users (id) VALUES (40)',
    'CREATE TEMP TABLE mine_{me} (n int)',
    'SELECT count(*) FROM mine_{me}',
    'SAVEPOINT s',
    'ROLLBACK TO s',
    'SET CONSTRAINTS ALL IMMEDIATE',
  ],
  copying: [
    { copy: 'COPY users (id, name) FROM STDIN', input: '50\tfifty\n51\t\\\\N\n' },
    { copy: 'COPY users (id, name) FROM STDIN CSV', input: '52,"fifty, two"\n' },
    { copy: 'COPY users (id) FROM STDIN', input: '1\n' },
    { copy: 'COPY users (id) FROM STDIN', input: 'x\n' },
    { copy: 'COPY users (id) FROM STDIN', input: '' },
    { copy: 'COPY posts (author) FROM STDIN', input: '1\n53\n' },
    { copy: 'COPY nowhere FROM STDIN', input: '1\n' },
    { copy: 'COPY users (id, name) TO STDOUT' },
    { copy: 'COPY (SELECT n, n * 2 FROM generate_series(1, 3) AS n) TO STDOUT CSV HEADER' },
    { copy: 'COPY (SELECT 1 / 0) TO STDOUT' },
    { copy: 'COPY nowhere TO STDOUT' },
    'SELECT id, name FROM users ORDER BY id',
    'DELETE FROM users WHERE id > 1',
    'SAVEPOINT s',
    'ROLLBACK TO s',
  ],
} as const satisfies Record<string, readonly Said[]>;

export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];

const CONTROL = [
  'BEGIN',
  'BEGIN',
  'BEGIN',
  'COMMIT',
  'COMMIT',
  'ROLLBACK',
  'START TRANSACTION',
  'END',
  'ABORT',
  'COMMIT AND CHAIN',
  'ROLLBACK AND CHAIN',
  'COMMIT WORK AND NO CHAIN',
] as const;

/** What no other client may hear of: it lives in a session, and the pool itself has no certain one. */
const SESSION_BOUND =
  /\{me\}|everybodys|counting|pg_temp|\bTEMP\b|^(RE)?SET\b|set_config|^SHOW|current_setting|current_schemas|timestamptz|advisory|LISTEN|DEALLOCATE/i;

/** Programs that draw from these families, or from a few of them. */
export function programs(families: readonly Family[]): fc.Arbitrary<Program> {
  return fc
    .subarray([...families], { minLength: 1, maxLength: Math.min(4, families.length) })
    .chain((few) => fc.array(stepsOf(few), { minLength: 1, maxLength: 20 }));
}

function stepsOf(families: readonly Family[]): fc.Arbitrary<Step> {
  const ordinary = fc.constantFrom<Said[]>(...families.flatMap((family) => [...FAMILIES[family]]));
  // A cursor on COPY … FROM STDIN throws in the driver's midst.
  const read = ordinary.filter((said) => !textOf(said).startsWith('COPY'));
  const control = fc.constantFrom<Said[]>(...CONTROL);
  const single = fc.oneof({ arbitrary: ordinary, weight: 3 }, { arbitrary: control, weight: 1 });
  const several = fc
    .array(single, { minLength: 2, maxLength: 4 })
    .map((parts) => parts.map(textOf).join('; '));
  const text = fc.oneof({ arbitrary: single, weight: 5 }, { arbitrary: several, weight: 1 });
  return fc.oneof(
    { arbitrary: fc.tuple(speakers(), text, shapes()).map(queryOf), weight: 30 },
    {
      arbitrary: fc.tuple(clients(), read, portions()).map(cursorOf),
      weight: families.includes('cursors') ? 3 : 0,
    },
    { arbitrary: clients().map((on): Step => ({ on, exchange: true })), weight: 1 },
  );
}

/** Mostly one client: two take turns, they cannot be in transactions at the same time. */
function clients(): fc.Arbitrary<ClientName> {
  return fc.oneof(
    { arbitrary: fc.constant<ClientName>('a'), weight: 6 },
    { arbitrary: fc.constant<ClientName>('b'), weight: 2 },
    { arbitrary: fc.constant<ClientName>('c'), weight: 1 },
  );
}

function speakers(): fc.Arbitrary<Speaker> {
  return fc.oneof(
    { arbitrary: clients(), weight: 6 },
    { arbitrary: fc.constant<Speaker>('pool'), weight: 1 },
  );
}

/** How a statement is asked. */
type Shape =
  { readonly name: string } | { readonly rowMode: 'array' } | { readonly values: [] } | object;

function shapes(): fc.Arbitrary<Shape> {
  return fc.oneof(
    { arbitrary: fc.constant<Shape>({}), weight: 12 },
    { arbitrary: fc.constant<Shape>({ rowMode: 'array' }), weight: 1 },
    { arbitrary: fc.constantFrom<Shape>({ name: 'n1' }, { name: 'n2' }), weight: 1 },
  );
}

function portions(): fc.Arbitrary<number[]> {
  return fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 });
}

function textOf(said: Said): string {
  if (typeof said === 'string') return said;
  return 'copy' in said ? said.copy : said.sql;
}

function valuesOf(said: Said): { readonly values?: readonly unknown[] } {
  return typeof said === 'string' || 'copy' in said ? {} : { values: said.values };
}

function queryOf([speaker, said, shape]: [Speaker, Said, Shape]): Step {
  const on = speaker === 'pool' && isSessionBound(textOf(said)) ? 'a' : speaker;
  if (typeof said === 'object' && 'copy' in said) return { ...said, on: on === 'pool' ? 'a' : on };
  return {
    on,
    sql: withName(textOf(said), on),
    ...valuesOf(said),
    ...shapeOf(textOf(said), shape),
  };
}

/** The driver hangs on COPY FROM STDIN under a name. */
function shapeOf(text: string, shape: Shape): Shape {
  return 'name' in shape && /^COPY|;/.test(text) ? {} : shape;
}

function cursorOf([on, said, reads]: [ClientName, Said, number[]]): Step {
  return { on, cursor: withName(textOf(said), on), ...valuesOf(said), reads };
}

function withName(text: string, me: string): string {
  return text.replaceAll('{me}', me);
}

/** Transactions begun by the pool itself are a hazard of their own: named, so that nothing is compared. */
function isSessionBound(text: string): boolean {
  return SESSION_BOUND.test(text) || /\b(BEGIN|START|SAVEPOINT)\b/.test(text);
}
