/** What a COMMIT does beside committing: deferred checks, and the end of what lasts for a transaction. */
import { testRows } from './rows.ts';

const ada = "INSERT INTO users VALUES (1, 'Ada')";
const orphan = 'INSERT INTO posts (id, author) VALUES (1, 9)';
const POSTS = 'SELECT id FROM posts';

testRows('deferred constraints and triggers', [
  {
    name: 'a constraint fails at COMMIT, with the server’s own error',
    tells: ['require-deferred-check'],
    limit: 'deferred-checks',
    lines: [
      'BEGIN',
      [orphan, 'INSERT 1; T'],
      [POSTS, 'SELECT (1); T'],
      ['COMMIT', 'ERROR 23503; I', '$check'],
      [POSTS, 'SELECT 0; I'],
    ],
  },
  {
    name: 'outside of a transaction it fails at the statement',
    tells: ['require-deferred-check'],
    lines: [
      [orphan, 'ERROR 23503; I'],
      ['INSERT INTO users VALUES (9); ' + orphan + '; DELETE FROM users', 'ERROR 23503; I'],
      [POSTS, 'SELECT 0; I'],
    ],
  },
  {
    name: 'what is put right in time commits, and its triggers fire then',
    lines: [
      'BEGIN',
      orphan,
      ['TABLE log', 'SELECT 0; T'],
      'INSERT INTO users VALUES (9)',
      ['COMMIT', 'COMMIT; I'],
      [POSTS, 'SELECT (1); I'],
      ['TABLE log', 'SELECT (post 1); I'],
    ],
  },
  {
    name: 'what triggers say is heard when they fire',
    schema: `CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE NOTICE '% came', NEW.name; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER say AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION say();`,
    lines: [
      [ada, 'NOTICE 00000; INSERT 1; I'],
      'BEGIN',
      ["INSERT INTO users VALUES (2, 'Grace')", 'INSERT 1; T'],
      ['COMMIT', 'NOTICE 00000; COMMIT; I'],
    ],
  },
  {
    name: 'SET CONSTRAINTS ends with the transaction',
    lines: [
      'BEGIN',
      'SET CONSTRAINTS ALL DEFERRED',
      ['INSERT INTO posts (id, editor) VALUES (1, 9)', 'INSERT 1; T'],
      'ROLLBACK',
      'BEGIN',
      'SET CONSTRAINTS ALL DEFERRED',
      ada,
      'COMMIT',
      'BEGIN',
      ['INSERT INTO posts (id, editor) VALUES (1, 9)', 'ERROR 23503; E'],
      'ROLLBACK',
      'BEGIN',
      'SET CONSTRAINTS ALL IMMEDIATE',
      'COMMIT',
      'BEGIN',
      [orphan, 'INSERT 1; T'],
      'ROLLBACK',
    ],
  },
  {
    name: 'a constraint that is made in the test',
    tells: ['require-deferred-check'],
    lines: [
      'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
      ['INSERT INTO c VALUES (1)', 'ERROR 23503; I'],
      'BEGIN',
      'INSERT INTO c VALUES (1)',
      ['COMMIT', 'ERROR 23503; I'],
      'DROP TABLE c, p',
      'BEGIN',
      'COMMIT',
    ],
  },
]);

testRows('what ends with a transaction', [
  {
    name: 'SET LOCAL',
    lines: [
      'BEGIN',
      'SET LOCAL work_mem = 1234',
      ['SHOW work_mem', 'SHOW (1234kB); T'],
      'COMMIT',
      ['SHOW work_mem', 'SHOW (4MB); I'],
      'BEGIN',
      'SET LOCAL TIME ZONE 3',
      'SET LOCAL search_path TO a, "b c"',
      'ROLLBACK',
      'SHOW search_path',
      'BEGIN',
      'SET LOCAL work_mem = 3333',
      'SAVEPOINT s',
      'SET LOCAL work_mem = 4444',
      'ROLLBACK TO s',
      ['SHOW work_mem', 'SHOW (3333kB); T'],
      'COMMIT',
      ['SHOW work_mem', 'SHOW (4MB); I'],
    ],
  },
  {
    name: 'SET LOCAL over SET',
    lines: [
      'SET search_path TO public, pg_catalog',
      'BEGIN',
      'SET LOCAL search_path TO a, "b c"',
      'COMMIT',
      ['SHOW search_path', 'SHOW (public, pg_catalog); I'],
      'RESET search_path',
      'BEGIN',
      'SET work_mem = 5555',
      'SET LOCAL work_mem = 6666',
      'COMMIT',
      ['SHOW work_mem', 'SHOW (5555kB); I'],
      'RESET work_mem',
    ],
  },
  {
    name: 'set_config(…, true)',
    lines: [
      'BEGIN',
      "SELECT set_config('app.user', 'ada', true)",
      ["SELECT current_setting('app.user')", 'SELECT (ada); T'],
      'COMMIT',
      ["SELECT current_setting('app.user', true)", 'SELECT (); I'],
      { sql: 'SELECT set_config($1, $2, true)', values: ['app.user', 'grace'] },
      ["SELECT current_setting('app.user', true)", 'SELECT (); I'],
    ],
  },
  {
    name: 'cursors, except those WITH HOLD',
    lines: [
      'BEGIN',
      'DECLARE c CURSOR FOR SELECT generate_series(1, 3) AS n',
      ['FETCH c', 'FETCH (1); T'],
      'COMMIT',
      ['FETCH c', 'ERROR 34000; I'],
      'BEGIN',
      'DECLARE c CURSOR FOR SELECT 1 AS n',
      'CLOSE c',
      'COMMIT',
      'BEGIN',
      'DECLARE c CURSOR WITH HOLD FOR SELECT 1 AS n',
      'COMMIT',
      ['FETCH c', 'FETCH (1); I'],
      'CLOSE c',
    ],
  },
  {
    name: 'temporary tables that say so',
    lines: [
      'BEGIN',
      'CREATE TEMP TABLE scratch (n int) ON COMMIT DROP',
      'INSERT INTO scratch VALUES (1)',
      'COMMIT',
      ['TABLE scratch', 'ERROR 42P01; I'],
      'BEGIN',
      'CREATE TEMP TABLE scratch (n int) ON COMMIT DROP',
      'COMMIT',
      'CREATE TEMPORARY TABLE IF NOT EXISTS kept (n int) ON COMMIT DELETE ROWS',
      'BEGIN',
      'INSERT INTO kept VALUES (1)',
      ['TABLE kept', 'SELECT (1); T'],
      'COMMIT',
      ['TABLE kept', 'SELECT 0; I'],
      'BEGIN',
      'INSERT INTO kept VALUES (1)',
      'COMMIT',
      ['TABLE kept', 'SELECT 0; I'],
      'DROP TABLE kept',
    ],
  },
]);
