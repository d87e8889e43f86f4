/** SET, RESET, SET ROLE and set_config: each client has its own settings, as each connection has. */
import { testRows } from './rows.ts';

const ROLES = `
  DO $$ BEGIN CREATE ROLE savepoint_rows_reader; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
  GRANT SELECT ON users TO savepoint_rows_reader;
`;

testRows('settings of a session', [
  {
    name: 'what one client sets, the other has not',
    lines: [
      ['SET work_mem = 1111', 'SET; I'],
      { on: 'b', sql: 'SHOW work_mem' },
      ['SHOW work_mem', 'SHOW (1111kB); I'],
      { on: 'b', sql: 'SET work_mem = 2222' },
      ['SHOW work_mem', 'SHOW (1111kB); I'],
      { on: 'b', sql: 'SHOW work_mem', sees: 'SHOW (2222kB); I' },
      'RESET work_mem',
      { on: 'b', sql: 'SHOW work_mem', sees: 'SHOW (2222kB); I' },
      'SHOW work_mem',
    ],
  },
  {
    name: 'what a transaction sets for good, after it was set for the transaction only, stays',
    lines: [
      'BEGIN',
      "SELECT set_config('datestyle', 'sql', true)",
      "SELECT set_config('DateStyle', 'german', false)",
      'COMMIT',
      ['SHOW datestyle', 'SHOW (German, DMY); I'],
      'BEGIN',
      'SET LOCAL work_mem = 1111',
      "SELECT set_config('work_mem', '2222', false)",
      'COMMIT',
      ['SHOW work_mem', 'SHOW (2222kB); I'],
    ],
  },
  {
    name: 'as long as nobody else asks, nothing more is sent',
    lines: [
      ['SET work_mem = 1111', 'SET; I'],
      'BEGIN',
      ['SELECT 1', 'SELECT (1); T', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *'],
      'COMMIT',
    ],
  },
  {
    name: 'a client that takes its turn sets what it has set, in the same message',
    lines: [
      'SET work_mem = 1111',
      { on: 'b', sql: 'BEGIN', sent: '' },
      {
        on: 'b',
        sql: 'SELECT 1',
        sent:
          "RELEASE SAVEPOINT $tx; SELECT pg_catalog.current_setting('work_mem', true); " +
          "SELECT pg_catalog.set_config('work_mem', '4MB', false) WHERE pg_catalog.current_setting('work_mem', true) IS NOT NULL; SAVEPOINT $tx; *",
      },
      { on: 'b', sql: 'ROLLBACK' },
      'BEGIN',
      [
        'SELECT 1',
        'SELECT (1); T',
        "ROLLBACK TO SAVEPOINT $tx; RELEASE SAVEPOINT $tx; SELECT pg_catalog.set_config('work_mem', '1111kB', false) WHERE pg_catalog.current_setting('work_mem', true) IS NOT NULL; SAVEPOINT $tx; *",
      ],
      'COMMIT',
    ],
  },
  {
    name: 'RESET ALL is one client’s',
    lines: [
      'SET work_mem = 1111',
      'SET statement_timeout = 54321',
      { on: 'b', sql: 'SET work_mem = 2222' },
      'RESET ALL',
      'SHOW work_mem',
      'SHOW statement_timeout',
      { on: 'b', sql: 'SHOW work_mem', sees: 'SHOW (2222kB); I' },
      { on: 'b', sql: 'SHOW statement_timeout', sees: 'SHOW (0); I' },
    ],
  },
  {
    name: 'SET TO DEFAULT, SET TIME ZONE, SET NAMES, SET SCHEMA, quoted names',
    lines: [
      "SET TIME ZONE 'Europe/Rome'",
      "SET SCHEMA 'pg_catalog'",
      'SET "DateStyle" TO german',
      { on: 'b', sql: 'SHOW timezone' },
      { on: 'b', sql: 'SHOW search_path' },
      { on: 'b', sql: 'SHOW datestyle' },
      ['SHOW timezone', 'SHOW (Europe/Rome); I'],
      ['SHOW search_path', 'SHOW (pg_catalog); I'],
      'SHOW datestyle',
      'SET search_path TO DEFAULT',
      { on: 'b', sql: 'SELECT 1' },
      'SHOW search_path',
    ],
  },
  {
    name: 'SET in a transaction goes with it, or stays',
    lines: [
      'BEGIN',
      'SET work_mem = 1111',
      'ROLLBACK',
      { on: 'b', sql: 'SHOW work_mem' },
      'SHOW work_mem',
      'BEGIN',
      'SET work_mem = 2222',
      'SAVEPOINT s',
      'SET work_mem = 3333',
      'ROLLBACK TO s',
      'COMMIT',
      { on: 'b', sql: 'SHOW work_mem' },
      ['SHOW work_mem', 'SHOW (2222kB); I'],
    ],
  },
  {
    name: 'SET LOCAL over SET',
    lines: [
      'SET work_mem = 1111',
      'BEGIN',
      'SET LOCAL work_mem = 2222',
      'SHOW work_mem',
      'COMMIT',
      { on: 'b', sql: 'SHOW work_mem' },
      ['SHOW work_mem', 'SHOW (1111kB); I'],
    ],
  },
  {
    name: 'a SET that fails sets nothing',
    lines: [
      ['SET work_mem = ada', 'ERROR 22023; I'],
      ['SET nosuch = 1', 'ERROR 42704; I'],
      'RESET nosuch',
      { on: 'b', sql: 'BEGIN' },
      { on: 'b', sql: 'SELECT 1', sees: 'SELECT (1); T' },
      { on: 'b', sql: 'COMMIT' },
      { on: 'b', sql: 'SHOW work_mem' },
      'SHOW work_mem',
    ],
  },
  {
    name: 'set_config(…, false), with constants, casts and values',
    lines: [
      "SELECT set_config('work_mem', '1111', false)",
      { sql: 'SELECT set_config($1::text, $2, $3)', values: ['datestyle', 'german', false] },
      { on: 'b', sql: 'SHOW work_mem' },
      { on: 'b', sql: 'SHOW datestyle' },
      ['SHOW work_mem', 'SHOW (1111kB); I'],
      'SHOW datestyle',
    ],
  },
  {
    name: 'set_config() of a parameter that cannot be read: no other client is served',
    // The second time by the ROLLBACK of the other client at the end.
    tells: ['no-sandboxed-concurrency-test', 'no-sandboxed-concurrency-test', 'no-dirty-release'],
    lines: [
      "SELECT set_config(lower('WORK_MEM'), '1111', false)",
      ['SHOW work_mem', 'SHOW (1111kB); I'],
      { on: 'b', sql: 'SHOW work_mem', refused: 'no-sandboxed-concurrency-test' },
    ],
  },
  {
    name: 'an app’s own parameter',
    limit: 'own-parameters',
    lines: [
      "SET app.tenant = '7'",
      {
        on: 'b',
        sql: "SELECT current_setting('app.tenant', true) AS tenant",
        sees: 'SELECT (); I',
        really: 'SELECT (null); I',
      },
      ["SELECT current_setting('app.tenant', true)", 'SELECT (7); I'],
    ],
  },
  {
    name: 'SET ROLE is one client’s, and what is set under it',
    schema: ROLES,
    lines: [
      'SET ROLE savepoint_rows_reader',
      ['SELECT current_user', 'SELECT (savepoint_rows_reader); I'],
      ['DELETE FROM users', 'ERROR 42501; I'],
      { on: 'b', sql: 'SELECT current_user = session_user', sees: 'SELECT (true); I' },
      { on: 'b', sql: 'DELETE FROM users' },
      { on: 'b', sql: 'SET work_mem = 2222' },
      ['SELECT current_user', 'SELECT (savepoint_rows_reader); I'],
      'SHOW work_mem',
      { on: 'b', sql: 'SET SESSION AUTHORIZATION savepoint_rows_reader' },
      { on: 'b', sql: 'SELECT session_user', sees: 'SELECT (savepoint_rows_reader); I' },
      'RESET ROLE',
      ['SELECT current_user = session_user', 'SELECT (true); I'],
      { on: 'b', sql: 'SHOW work_mem', sees: 'SHOW (2222kB); I' },
      { on: 'b', sql: 'RESET SESSION AUTHORIZATION' },
      { on: 'b', sql: 'SELECT session_user <> $$savepoint_rows_reader$$' },
    ],
  },
  {
    name: 'a server’s time-out for idle transactions never ends a sandbox',
    limit: 'idle-time-outs',
    lines: [
      "SET idle_in_transaction_session_timeout = '1min'",
      {
        sql: 'SHOW idle_in_transaction_session_timeout',
        sees: 'SHOW (0); I',
        really: 'SHOW (1min); I',
      },
      { sql: 'SET idle_in_transaction_session_timeout = ada' },
      { on: 'b', sql: 'SELECT 1' },
    ],
  },
  {
    name: 'what is no parameter of the session',
    lines: [
      'SELECT setseed(0.5)',
      'SET seed TO 0.5',
      { on: 'b', sql: 'SELECT 1' },
      'SELECT 1',
      'RESET work_mem',
      'SET XML OPTION document',
      { on: 'b', sql: 'SHOW xmloption' },
      ['SHOW xmloption', 'SHOW (document); I'],
    ],
  },
]);
