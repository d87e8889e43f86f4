/** The database that random programs run on: something of everything that a transaction's end matters to. */

/** Autovacuum takes locks, for which one of the two databases may have to wait and the other not. */
const UNTENDED = 'WITH (autovacuum_enabled = off)';

const SCHEMA = `
  CREATE TYPE mood AS ENUM ('calm', 'wild');
  CREATE TABLE users (
    id int PRIMARY KEY,
    name text UNIQUE,
    age int CONSTRAINT grown CHECK (age >= 0),
    mood mood NOT NULL DEFAULT 'calm'
  ) ${UNTENDED};
  CREATE TABLE posts (
    id serial PRIMARY KEY,
    author int REFERENCES users DEFERRABLE INITIALLY DEFERRED,
    editor int REFERENCES users DEFERRABLE INITIALLY IMMEDIATE,
    slug text UNIQUE DEFERRABLE INITIALLY DEFERRED
  ) ${UNTENDED};
  CREATE TABLE tags (post int REFERENCES posts ON DELETE CASCADE, tag text, PRIMARY KEY (post, tag)) ${UNTENDED};
  CREATE TABLE log (n serial, line text) ${UNTENDED};
  CREATE VIEW adults AS SELECT id, name FROM users WHERE age >= 18;
  CREATE FUNCTION log_post() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO log (line) VALUES ('post ' || NEW.id); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER logged AFTER INSERT ON posts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION log_post();
  CREATE FUNCTION check_tag() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE NOTICE 'tag %', NEW.tag;
      IF NEW.tag = 'bad' THEN RAISE EXCEPTION 'bad tag' USING ERRCODE = 'T0001', DETAIL = 'it is bad', HINT = 'be good'; END IF;
      RETURN NULL;
    END $$;
  CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON tags DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_tag();
  CREATE FUNCTION try_insert(wanted int) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO users (id) VALUES (wanted); RETURN true; EXCEPTION WHEN unique_violation THEN RETURN false; END $$;
  CREATE FUNCTION say(what text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RAISE NOTICE '%', what; RETURN upper(what); END $$;
  CREATE PROCEDURE add_user(wanted int) LANGUAGE sql AS $$ INSERT INTO users (id, name) VALUES (wanted, 'u' || wanted) $$;
`;

const SEED = `
  INSERT INTO users VALUES (1, 'Ada', 36, 'calm');
  INSERT INTO posts (author, editor, slug) VALUES (1, 1, 'first');
  INSERT INTO tags VALUES (1, 'good');
`;

/** The server's own objects are older. */
const FIRST_OWN_OID = 16384;

/** Makes the database. */
export const BUILD = `${SCHEMA} ${SEED}`;

/** Undoes a program that changed rows only. */
export const EMPTY = `
  DELETE FROM tags; DELETE FROM posts; DELETE FROM users; DELETE FROM log;
  ALTER SEQUENCE posts_id_seq RESTART; ALTER SEQUENCE log_n_seq RESTART;
  ${SEED}
`;

/** Undoes whatever a program did to the database. */
export const REBUILD = `DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${BUILD}`;

/** Sequences do not roll back; programs that run in a sandbox begin with them as they were at first. */
export const RESTART_SEQUENCES = `SELECT setval('posts_id_seq', 1), setval('log_n_seq', 1)`;

/** Undoes whatever a program did to a session. */
export const RESET_SESSION = `
  ROLLBACK; CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; DEALLOCATE ALL;
  SELECT pg_advisory_unlock_all(); DISCARD TEMP;
`;

/** What an app finds in the database: every row of every table. */
export const ROWS = `
  SELECT
    (SELECT json_agg(u ORDER BY id) FROM users u) AS users,
    (SELECT json_agg(p ORDER BY id) FROM posts p) AS posts,
    (SELECT json_agg(t ORDER BY post, tag) FROM tags t) AS tags,
    (SELECT json_agg(l ORDER BY n) FROM log l) AS log
`;

/**
 * What must be the same before and after a sandbox: everything but the position of sequences. Who
 * asks the server something at the moment has locks only until it is answered.
 */
export const FINGERPRINT = `
  SELECT
    ${['users', 'posts', 'tags', 'log'].map((table) => `(SELECT string_agg(concat_ws(' ', ctid, xmin, t), ',' ORDER BY ctid) FROM ${table} t) AS ${table}`).join(',\n    ')},
    (SELECT md5(string_agg(concat_ws('/', oid, relname, relkind, relfilenode, relchecks, relhastriggers), ',' ORDER BY oid)) FROM pg_class WHERE oid >= ${FIRST_OWN_OID}) AS relations,
    (SELECT md5(string_agg(concat_ws('/', oid, proname, prosrc), ',' ORDER BY oid)) FROM pg_proc WHERE oid >= ${FIRST_OWN_OID}) AS routines,
    (SELECT md5(string_agg(concat_ws('/', oid, typname, typnamespace), ',' ORDER BY oid)) FROM pg_type WHERE oid >= ${FIRST_OWN_OID}) AS types,
    (SELECT md5(string_agg(concat_ws('/', conname, condeferrable, condeferred, convalidated), ',' ORDER BY oid)) FROM pg_constraint WHERE oid >= ${FIRST_OWN_OID}) AS constraints,
    (SELECT md5(string_agg(concat_ws('/', attrelid, attname, atttypid, attnotnull, attisdropped), ',' ORDER BY attrelid, attnum)) FROM pg_attribute WHERE attrelid >= ${FIRST_OWN_OID}) AS columns,
    (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
    (SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()) AS settings,
    (SELECT count(*) FROM pg_description WHERE objoid >= ${FIRST_OWN_OID}) AS comments,
    (SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
      WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'active') AS locks
`;
