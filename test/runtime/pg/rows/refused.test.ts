/** What a sandbox refuses or notes although the server would do it, each with the limit that names it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedFor } from '../support/sandbox.ts';
import { testRows } from './rows.ts';

const ada = "INSERT INTO users VALUES (1, 'Ada')";
const NAMES = 'SELECT name FROM users ORDER BY id';

const OUTSIDE_TRANSACTIONS = [
  "COMMIT PREPARED 'x'",
  "ROLLBACK PREPARED 'x'",
  'CREATE DATABASE nope',
  'DROP DATABASE nope',
  "CREATE TABLESPACE nope LOCATION '/nowhere'",
  'DROP TABLESPACE nope',
  'ALTER DATABASE postgres SET TABLESPACE nope',
  'VACUUM',
  'VACUUM (ANALYZE) users',
  'CLUSTER',
  'CREATE INDEX CONCURRENTLY i ON users (name)',
  'CREATE UNIQUE INDEX CONCURRENTLY i ON users (name)',
  'DROP INDEX CONCURRENTLY i',
  'REINDEX TABLE CONCURRENTLY users',
  'REINDEX (CONCURRENTLY) INDEX users_pkey',
  'REINDEX SCHEMA public',
  'REINDEX DATABASE',
  "ALTER SYSTEM SET work_mem = '4MB'",
  'DISCARD ALL',
  "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p",
  'ALTER TABLE users DETACH PARTITION nope CONCURRENTLY',
];

testRows('statements that only run outside of transactions', [
  {
    name: 'are refused, and nothing is sent',
    limit: 'outside-transactions',
    lines: [
      ada,
      ...OUTSIDE_TRANSACTIONS.map((sql) => ({
        sql,
        refused: 'no-non-transactional-ddl' as const,
        sent: '',
      })),
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'PREPARE TRANSACTION is refused, and the transaction goes on',
    limit: 'outside-transactions',
    lines: [
      'BEGIN',
      ada,
      { sql: "PREPARE TRANSACTION 'x'", refused: 'no-non-transactional-ddl' },
      ['COMMIT', 'COMMIT; I'],
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'inside a transaction the server refuses them itself',
    lines: [
      'BEGIN',
      ['VACUUM', 'ERROR 25001; E'],
      'ROLLBACK',
      'BEGIN',
      ['CREATE DATABASE nope', 'ERROR 25001; E'],
      'ROLLBACK',
    ],
  },
  {
    name: 'one that no text tells is refused by what the server says',
    limit: 'outside-transactions',
    schema: `CREATE TABLE parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);`,
    lines: [
      ada,
      { sql: 'REINDEX TABLE parts', refused: 'no-non-transactional-ddl', had: 'no effect' },
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'their relatives that run anywhere',
    lines: ['ANALYZE', 'DISCARD PLANS', 'REINDEX TABLE users', 'REINDEX INDEX users_pkey', NAMES],
  },
]);

testRows('COMMIT inside procedures', [
  {
    name: 'is refused where the server would do it',
    limit: 'commit-in-procedures',
    schema: `CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('x'); COMMIT; END $$;
      CREATE PROCEDURE calls() LANGUAGE plpgsql AS $$ BEGIN CALL commits(); END $$;`,
    lines: [
      ada,
      { sql: 'CALL commits()', refused: 'no-non-transactional-ddl', had: 'no effect' },
      { sql: 'CALL calls()', refused: 'no-non-transactional-ddl', had: 'no effect' },
      {
        sql: 'DO $$ BEGIN COMMIT; END $$',
        refused: 'no-non-transactional-ddl',
        had: 'no effect',
      },
      {
        sql: 'DO $$ BEGIN ROLLBACK; END $$',
        refused: 'no-non-transactional-ddl',
        had: 'no effect',
      },
      ["DO $$ BEGIN EXECUTE 'COMMIT'; END $$", 'ERROR 0A000; I'],
      [NAMES, 'SELECT (Ada); I'],
      ['TABLE log', 'SELECT 0; I'],
    ],
  },
  {
    name: 'is the server’s to refuse inside a transaction, and in a text of several statements',
    schema: 'CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$',
    lines: [
      'BEGIN',
      ['CALL commits()', 'ERROR 2D000; E'],
      'ROLLBACK',
      ['CALL commits(); SELECT 1', 'ERROR 2D000; I'],
      ['SELECT 1; CALL commits()', 'ERROR 2D000; I'],
    ],
  },
]);

testRows('new values of enums', [
  {
    name: 'are refused in a later transaction',
    limit: 'new-enum-values',
    schema: "CREATE TYPE mood AS ENUM ('fine')",
    lines: [
      "ALTER TYPE mood ADD VALUE 'glad'",
      { sql: "SELECT 'glad'::mood", refused: 'no-non-transactional-ddl', had: 'no effect' },
      ["SELECT 'fine'::mood", 'SELECT (fine); I'],
    ],
  },
  {
    name: 'are the server’s to refuse in the same transaction',
    schema: "CREATE TYPE mood AS ENUM ('fine')",
    lines: [
      'BEGIN',
      "ALTER TYPE mood ADD VALUE 'glad'",
      ["SELECT 'glad'::mood", 'ERROR 55P04; E'],
      'ROLLBACK',
    ],
  },
]);

testRows('what all transactions of a sandbox have in common', [
  {
    name: 'now() is noted from the second transaction on, once',
    limit: 'clock',
    tells: ['no-frozen-now'],
    lines: [
      'SELECT now() < clock_timestamp()',
      'SELECT CURRENT_TIMESTAMP < clock_timestamp()',
      'SELECT localtime IS NULL',
    ],
  },
  {
    name: 'the id of the transaction is noted',
    limit: 'clock',
    tells: ['no-frozen-now'],
    lines: [ada, 'SELECT txid_current() > 0'],
  },
  {
    name: 'a clock that moves is not noted',
    lines: [ada, 'SELECT clock_timestamp() < statement_timestamp()', NAMES],
  },
]);

test('a COMMIT and a BEGIN that only the server reads end the test at that statement', async (t) => {
  const { sandbox, pool } = await openedFor(t, { schema: 'CREATE TABLE users (id int)' });
  const client = await pool.connect();
  await client.query('SET standard_conforming_strings = off');
  await client.query('INSERT INTO users VALUES (1)');
  // To the sandbox it is one string. The server is in a transaction before it and after it.
  const hidden = client.query("SELECT 'a\\'' ; COMMIT; BEGIN; --'");
  await assert.rejects(hidden, { code: 'no-nested-begin' });
  await assert.rejects(client.query('SELECT 1'), { code: 'no-nested-begin' });
  client.release();
  await assert.rejects(sandbox.close(), { code: 'no-nested-begin' });
});
