/** Programs that random ones were reduced to when the sandbox differed; it must not do so again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopeOf } from '../../runtime/src/test-scope.ts';
import type { Program, Step } from './program.ts';
import { Twins } from './twins.ts';

const FOUND: readonly (readonly [what: string, program: Program])[] = [
  [
    'a cursor on SET LOCAL outside of a block warns when it is read, and not before',
    [
      { on: 'a', cursor: 'SET LOCAL work_mem = 1000', reads: [] },
      { on: 'a', cursor: 'SET LOCAL work_mem = 1000', reads: [1] },
      { on: 'a', cursor: 'SET CONSTRAINTS ALL DEFERRED', reads: [] },
    ],
  ],
  [
    'a cursor on SET LOCAL of a parameter that there is not',
    [
      { on: 'a', cursor: 'SET LOCAL nosuch = 1', reads: [] },
      { on: 'a', cursor: 'SET LOCAL nosuch = 1', reads: [1] },
      { on: 'c', sql: 'SET work_mem = 1111' },
    ],
  ],
  [
    'several statements in a cursor fail, and the transaction with them',
    [
      { on: 'a', sql: 'BEGIN READ ONLY' },
      { on: 'a', cursor: 'BEGIN; BEGIN', reads: [] },
      { on: 'a', sql: 'SELECT 1' },
    ],
  ],
  [
    'what the driver refuses by itself is no query of its transaction',
    [
      { on: 'a', sql: 'BEGIN READ ONLY', name: 'n1' },
      { on: 'a', sql: 'INSERT INTO users (id) VALUES (1)', name: 'n1' },
      { on: 'a', sql: 'START TRANSACTION READ ONLY, READ WRITE' },
    ],
  ],
  [
    'others hear what was committed in a text that ends inside the next transaction',
    [
      { on: 'c', sql: 'LISTEN news' },
      { on: 'a', sql: 'NOTIFY news; COMMIT; BEGIN' },
      { on: 'c', sql: 'LISTEN news; LISTEN news' },
    ],
  ],
  [
    'who listened already hears what came, by the channels that he has when he looks',
    [
      { on: 'a', sql: 'BEGIN; LISTEN news' },
      { on: 'a', sql: "NOTIFY news, 'twice'; NOTIFY news, 'twice'; NOTIFY other" },
      { on: 'a', sql: 'COMMIT WORK AND NO CHAIN; LISTEN other' },
      { on: 'a', sql: 'LISTEN news' },
    ],
  ],
  [
    'what a cursor’s parameters notify is heard',
    [
      { on: 'a', sql: 'LISTEN news' },
      {
        on: 'a',
        cursor: 'SELECT pg_notify($1, $2)',
        values: ['news', 'parameter'],
        reads: [1],
      },
      { on: 'a', sql: 'BEGIN' },
    ],
  ],
  [
    'a lock of a transaction ends with a text that gives back another one',
    [
      {
        on: 'a',
        sql: 'SELECT pg_try_advisory_xact_lock_shared(1); SELECT pg_advisory_unlock(1, 2)',
      },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)' },
    ],
  ],
  [
    'what a text prepared before it failed is its client’s',
    [
      { on: 'a', sql: 'PREPARE p AS SELECT 1 AS n; SELECT 1 / 0' },
      { on: 'a', sql: 'EXECUTE p' },
      { on: 'a', sql: 'DEALLOCATE ALL' },
      { on: 'a', sql: 'EXECUTE p' },
    ],
  ],
  [
    'a text that listens and notifies hears itself',
    [{ on: 'a', sql: "LISTEN news; SELECT pg_notify('news', 'x' || 1)" }],
  ],
  [
    'a parameter that a transaction sets first for itself, and then for good',
    [
      { on: 'a', sql: 'BEGIN' },
      { on: 'a', sql: 'SET LOCAL search_path TO nowhere' },
      { on: 'a', sql: 'SET search_path TO public, nowhere' },
      { on: 'a', sql: 'ROLLBACK' },
      { on: 'pool', sql: 'SELECT count(*) FROM users' },
    ],
  ],
  [
    'a user that a transaction is for itself, and a role for good',
    [
      { on: 'a', sql: 'BEGIN' },
      { on: 'a', sql: 'SET LOCAL SESSION AUTHORIZATION pg_write_all_data' },
      { on: 'a', sql: 'RESET SESSION AUTHORIZATION; SET ROLE pg_read_all_data' },
      { on: 'a', sql: 'ROLLBACK' },
      { on: 'pool', sql: 'SELECT count(*) FROM users' },
    ],
  ],
  [
    'another user has no role, and the role is there again with the first one',
    [
      { on: 'a', sql: 'SET ROLE pg_read_all_data' },
      { on: 'b', sql: 'SELECT current_user' },
      { on: 'a', sql: 'BEGIN; SET LOCAL SESSION AUTHORIZATION pg_write_all_data' },
      { on: 'a', sql: 'SELECT current_user, session_user' },
      { on: 'a', sql: 'COMMIT' },
      { on: 'a', sql: "SELECT current_user, current_setting('role')" },
      { on: 'a', sql: 'SET SESSION AUTHORIZATION pg_write_all_data' },
      { on: 'b', sql: "SELECT current_setting('role')" },
      { on: 'a', sql: "SELECT current_user, current_setting('role')" },
      { on: 'a', sql: 'RESET SESSION AUTHORIZATION' },
      { on: 'b', sql: "SELECT current_setting('role')" },
      { on: 'a', sql: "SELECT current_setting('role')" },
    ],
  ],
  [
    'a role that was set for good outlives the user who took it for one transaction',
    [
      {
        on: 'a',
        sql: 'SET LOCAL SESSION AUTHORIZATION pg_write_all_data; SET SESSION ROLE pg_write_all_data',
      },
      { on: 'a', sql: "SELECT current_user, current_setting('role')" },
      { on: 'b', sql: 'BEGIN; SET LOCAL SESSION AUTHORIZATION pg_read_all_data' },
      { on: 'b', sql: 'SET ROLE pg_read_all_data; SAVEPOINT s; RESET ROLE; ROLLBACK TO s' },
      { on: 'b', sql: 'COMMIT' },
      { on: 'b', sql: "SELECT current_user, current_setting('role')" },
      { on: 'b', sql: "SELECT current_user, current_setting('role')" },
    ],
  ],
  [
    'a constraint is deferred from the moment at which it is said to be',
    [
      { on: 'a', sql: 'INSERT INTO posts (author) VALUES (1)' },
      { on: 'a', sql: 'BEGIN' },
      {
        on: 'a',
        sql: 'ALTER TABLE posts ALTER CONSTRAINT posts_editor_fkey DEFERRABLE INITIALLY DEFERRED',
      },
      { on: 'a', sql: 'INSERT INTO posts (editor) VALUES (20)' },
      { on: 'a', sql: 'COMMIT' },
      {
        on: 'a',
        sql: 'CREATE TABLE late (id int REFERENCES users DEFERRABLE INITIALLY DEFERRED); INSERT INTO late VALUES (9); INSERT INTO users (id) VALUES (9)',
      },
    ],
  ],
  [
    'SET LOCAL behind SET in one text',
    [
      { on: 'a', sql: 'SET work_mem = 1111; SET LOCAL work_mem = 3333; SHOW work_mem' },
      { on: 'a', sql: 'SHOW work_mem' },
    ],
  ],
  [
    'a table that COMMIT empties, for a user who may not',
    [
      { on: 'a', sql: 'CREATE TEMP TABLE kept (n int) ON COMMIT DELETE ROWS' },
      { on: 'a', sql: 'BEGIN; INSERT INTO kept VALUES (1); SET ROLE pg_read_all_data; COMMIT' },
      { on: 'a', sql: 'RESET ROLE; SELECT count(*) FROM kept' },
      { on: 'a', sql: 'SET SESSION AUTHORIZATION pg_read_all_data' },
      { on: 'c', sql: 'SELECT 1' },
      { on: 'a', sql: "SELECT current_user, session_user, current_setting('role')" },
    ],
  ],
  [
    'what a cursor does to its session, it does when it is read',
    [
      { on: 'c', cursor: 'SET LOCAL SESSION AUTHORIZATION pg_write_all_data', reads: [1] },
      { on: 'c', sql: 'SELECT current_user = session_user' },
      { on: 'a', cursor: 'SET LOCAL work_mem = 1111', reads: [1] },
      { on: 'a', sql: 'SHOW work_mem' },
      { on: 'a', cursor: 'SELECT pg_try_advisory_lock(1)', reads: [] },
      { on: 'a', cursor: 'SELECT pg_try_advisory_lock(2)', reads: [2] },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)' },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(2)' },
    ],
  ],
  [
    'what is deferred is checked READ ONLY, if that is what the transaction became',
    [
      { on: 'a', sql: 'INSERT INTO posts (author) VALUES (20); SET TRANSACTION READ ONLY' },
      { on: 'a', sql: 'BEGIN' },
      { on: 'a', sql: 'INSERT INTO posts (author) VALUES (1)' },
      { on: 'a', sql: 'SET TRANSACTION READ ONLY' },
      { on: 'a', sql: 'COMMIT' },
    ],
  ],
  [
    'DEALLOCATE ALL is a query, after which a transaction is what it is',
    [{ on: 'c', sql: 'DEALLOCATE ALL; BEGIN DEFERRABLE' }],
  ],
  [
    'what is written ahead of an error is not run',
    [
      { on: 'a', cursor: "SET LOCAL app.user = 'no word for a name'", reads: [1] },
      { on: 'a', sql: 'BEGIN' },
      { on: 'a', cursor: 'SELEKT', reads: [1, 2] },
      { on: 'a', sql: 'COMMIT' },
    ],
  ],
  [
    'a text that fails keeps the lock of the session that a transaction had before it',
    [
      { on: 'a', sql: 'SELECT pg_try_advisory_xact_lock(1), pg_try_advisory_xact_lock_shared(2)' },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1); SELECT 1 / 0' },
      { on: 'b', sql: 'SELECT 1 / 0; SELECT pg_try_advisory_lock_shared(2)' },
      { on: 'a', sql: 'SELECT pg_try_advisory_xact_lock_shared(1)' },
      { on: 'a', sql: 'SELECT pg_try_advisory_lock(2)' },
      { on: 'b', sql: 'SELECT pg_advisory_unlock(1)' },
      { on: 'b', sql: 'SELECT pg_advisory_unlock_shared(2)' },
      { on: 'a', sql: 'SELECT pg_try_advisory_lock(1)' },
    ],
  ],
  [
    'a cursor WITH HOLD uses its table no more after COMMIT',
    [
      {
        on: 'a',
        cursor: 'DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT id FROM users ORDER BY id',
        reads: [1],
      },
      { on: 'a', sql: 'TRUNCATE users; BEGIN READ ONLY' },
      { on: 'a', sql: 'TRUNCATE tags' },
      { on: 'a', sql: 'ALTER TABLE users RENAME COLUMN age TO years' },
      { on: 'a', sql: 'DROP TABLE users CASCADE' },
      { on: 'a', sql: 'FETCH ALL FROM h' },
      { on: 'a', sql: 'CLOSE h' },
    ],
  ],
  [
    'a cursor WITH HOLD that can go back stands where it stood',
    [
      { on: 'a', sql: 'INSERT INTO users (id) VALUES (2), (3), (4)' },
      { on: 'a', sql: 'BEGIN' },
      ...['unread', 'at_first', 'at_third', 'at_last', 'at_end'].map((at): Step => ({
        on: 'a',
        sql: `DECLARE ${at} SCROLL CURSOR WITH HOLD FOR SELECT id, name, mood, age AS id FROM users ORDER BY 1`,
      })),
      {
        on: 'a',
        sql: 'FETCH at_first; MOVE 4 IN at_last; MOVE ALL IN at_end; FETCH ABSOLUTE 3 IN at_third',
      },
      { on: 'a', sql: 'DELETE FROM users WHERE id > 1; COMMIT' },
      ...['unread', 'at_first', 'at_third', 'at_last', 'at_end'].flatMap((at): Step[] => [
        { on: 'a', sql: `FETCH RELATIVE 0 FROM ${at}` },
        { on: 'a', sql: `MOVE ${at}; FETCH PRIOR FROM ${at}; FETCH 2 FROM ${at}` },
        { on: 'a', sql: `FETCH BACKWARD ALL IN ${at}` },
        { on: 'a', sql: `FETCH ABSOLUTE -2 FROM ${at}`, rowMode: 'array' },
      ]),
      {
        on: 'a',
        sql: 'SELECT name, is_holdable, is_binary, is_scrollable FROM pg_cursors ORDER BY name',
      },
    ],
  ],
  [
    'a cursor WITH HOLD that cannot go back stands where it stood',
    [
      { on: 'a', sql: 'BEGIN' },
      ...['unread', 'at_first', 'at_third', 'at_end', 'failed'].map((at): Step => ({
        on: 'a',
        sql: `DECLARE ${at} NO SCROLL CURSOR WITH HOLD FOR SELECT NULL AS n, n FROM generate_series(1, 5) AS n`,
      })),
      {
        on: 'a',
        sql: 'FETCH at_first; MOVE 2 IN at_third; FETCH ABSOLUTE 3 IN at_third; MOVE ALL IN at_end',
      },
      { on: 'a', sql: 'SAVEPOINT s; FETCH failed' },
      { on: 'a', sql: 'FETCH BACKWARD 1 FROM failed' },
      { on: 'a', sql: 'ROLLBACK TO s; COMMIT' },
      { on: 'a', sql: 'MOVE RELATIVE 0 FROM at_first; MOVE RELATIVE 0 FROM at_end' },
      ...['unread', 'at_first', 'at_third', 'at_end'].map((at): Step => ({
        on: 'a',
        sql: `FETCH ${at}; FETCH ABSOLUTE 5 FROM ${at}`,
      })),
      { on: 'a', sql: 'FETCH failed' },
      ...['unread', 'at_first', 'at_third', 'at_end'].map((at): Step => ({
        on: 'a',
        sql: `FETCH PRIOR FROM ${at}`,
      })),
      { on: 'a', sql: 'FETCH at_first' },
    ],
  ],
  [
    'what a cursor WITH HOLD fails with is what COMMIT fails with',
    [
      { on: 'a', sql: 'BEGIN; INSERT INTO users (id) VALUES (2)' },
      {
        on: 'a',
        sql: 'DECLARE h CURSOR WITH HOLD FOR SELECT say(n::text), 2 / (3 - n) FROM generate_series(1, 4) AS n',
      },
      { on: 'a', sql: 'FETCH h' },
      { on: 'a', sql: 'COMMIT' },
      { on: 'a', sql: 'FETCH h' },
      { on: 'a', sql: 'SELECT id FROM users ORDER BY id' },
      {
        on: 'pool',
        sql: 'DECLARE h CURSOR WITH HOLD FOR SELECT 1 / (n - 2) FROM generate_series(1, 3) AS n',
      },
    ],
  ],
  [
    'values of every kind are what they are through a cursor WITH HOLD',
    [
      { on: 'a', sql: 'BEGIN READ ONLY' },
      {
        on: 'a',
        sql:
          'DECLARE h BINARY CURSOR WITH HOLD FOR SELECT ' +
          "mood, ARRAY[mood, NULL], '{{1,2},{3,4}}'::int[], '[2:3]={1,2}'::int[], 1.50::numeric(10, 3), 'NaN'::float8, 0.1::float4 + 0.2::float8, " +
          "'a\\''b\n'::text, ''::text, 'ab '::char(5), 'abc'::varchar(4), '\\x00ff'::bytea, '2020-01-01 00:00:01.5+02'::timestamptz, '0044-03-15 BC'::date, " +
          `'1 mon -2 days 3.5 s'::interval, '{"a": [1, null]}'::jsonb, '[1,5)'::int4range, B'101'::bit(3), 'r'::"char", 'users'::regclass, u, true, NULL, ` +
          "'<a/>'::xml, point(1, 2), '10.0.0.1/8'::inet, 12.3::money, 'x'::name, 7::oid, '{a,NULL,\"NULL\"}'::text[] FROM users AS u",
      },
      {
        on: 'a',
        sql: "SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL IntervalStyle = iso_8601; COMMIT",
      },
      { on: 'a', cursor: 'FETCH h', reads: [2] },
      { on: 'a', sql: 'DECLARE b BINARY CURSOR WITH HOLD FOR SELECT $$é$$::text, 1::int4' },
      { on: 'a', sql: 'FETCH b' },
      {
        on: 'a',
        sql: 'DECLARE empty_one CURSOR WITH HOLD FOR SELECT id, name FROM users WHERE false',
      },
      {
        on: 'a',
        sql: 'DECLARE without_columns CURSOR WITH HOLD FOR SELECT FROM generate_series(1, 3)',
      },
      {
        on: 'a',
        sql: 'FETCH empty_one; FETCH 2 FROM without_columns; FETCH ALL FROM without_columns',
      },
    ],
  ],
  [
    'a name that was given to nothing stays with nothing',
    [
      { on: 'a', sql: '', name: 'n2' },
      { on: 'a', sql: 'SHOW transaction_isolation', name: 'n2' },
      { on: 'a', sql: 'BEGIN', name: 'n2' },
    ],
  ],
];

test('programs that once differed see the same for real and in a sandbox', async (t) => {
  const twins = await Twins.open();
  scopeOf(t).defer(() => twins.end());
  for (const [what, program] of FOUND)
    await t.test(what, async () => {
      assert.deepEqual(await twins.compare(program), { is: 'agreed' });
    });
});
