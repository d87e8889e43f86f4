/** Advisory locks: to the server, all clients of a sandbox are one holder; to the app they are not. */
import { testRows } from './rows.ts';

const HELD =
  "SELECT count(*)::int AS held FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";

testRows('advisory locks', [
  {
    name: 'one client takes again what it has, and gives back as often',
    lines: [
      'SELECT pg_advisory_lock(1)',
      'SELECT pg_advisory_lock(1)',
      ['SELECT pg_try_advisory_lock(1)', 'SELECT (true); I'],
      ['SELECT pg_advisory_unlock(1)', 'SELECT (true); I'],
      'SELECT pg_advisory_unlock(1)',
      'SELECT pg_advisory_unlock(1)',
      HELD,
      ['SELECT pg_advisory_unlock(1)', 'WARNING 01000; SELECT (false); I'],
    ],
  },
  {
    name: 'what another client holds cannot be had',
    lines: [
      'SELECT pg_advisory_lock(1)',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (false); I' },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1) AS mine', sees: 'SELECT (false); I' },
      {
        on: 'b',
        sql: 'SELECT pg_try_advisory_lock($1) mine',
        values: ['1'],
        sees: 'SELECT (false); I',
      },
      { on: 'b', sql: 'SELECT pg_catalog.pg_try_advisory_xact_lock_shared(1)' },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(2)', sees: 'SELECT (true); I' },
      { on: 'b', sql: 'SELECT pg_advisory_lock(1)', refused: 'no-sandboxed-concurrency-test' },
      {
        on: 'b',
        sql: 'SELECT pg_advisory_xact_lock_shared(1)',
        refused: 'no-sandboxed-concurrency-test',
      },
      ['SELECT pg_advisory_unlock(1)', 'SELECT (true); I'],
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (true); I' },
      ['SELECT pg_try_advisory_lock(1)', 'SELECT (false); I'],
    ],
  },
  {
    name: 'what another client holds cannot be given back',
    lines: [
      'SELECT pg_advisory_lock(1, -2)',
      {
        on: 'b',
        sql: 'SELECT pg_advisory_unlock(1, -2)',
        sees: 'WARNING 01000; SELECT (false); I',
      },
      { on: 'b', sql: 'SELECT pg_advisory_lock(3)' },
      { on: 'b', sql: 'SELECT pg_advisory_unlock_all()', sees: 'SELECT (); I' },
      ['SELECT pg_try_advisory_lock(3)', 'SELECT (true); I'],
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1, -2)', sees: 'SELECT (false); I' },
      'SELECT pg_advisory_unlock_all()',
      HELD,
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1, -2)', sees: 'SELECT (true); I' },
    ],
  },
  {
    name: 'shared locks',
    lines: [
      'SELECT pg_advisory_lock_shared(1)',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock_shared(1)', sees: 'SELECT (true); I' },
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (false); I' },
      'SELECT pg_advisory_unlock_shared(1)',
      ['SELECT pg_advisory_unlock_shared(1)', 'WARNING 01000; SELECT (false); I'],
      { on: 'b', sql: 'SELECT pg_advisory_unlock_shared(1)', sees: 'SELECT (true); I' },
      ['SELECT pg_try_advisory_lock(1)', 'SELECT (true); I'],
    ],
  },
  {
    name: 'keys that are computed',
    lines: [
      { sql: 'SELECT pg_advisory_lock(hashtext($1))', values: ['jobs'] },
      {
        on: 'b',
        sql: "SELECT pg_try_advisory_lock(hashtext('jobs')) AS locked",
        sees: 'SELECT (false); I',
      },
      {
        on: 'b',
        sql: "SELECT pg_try_advisory_lock(('x' || md5('b'))::bit(64)::bigint) AS locked",
        sees: 'SELECT (true); I',
      },
      {
        sql: "SELECT pg_try_advisory_lock(('x' || md5('b'))::bit(64)::bigint) AS locked",
        sees: 'SELECT (false); I',
      },
      {
        on: 'b',
        sql: "SELECT pg_try_advisory_lock(hashtext('other')) FROM pg_am LIMIT 0",
        refused: 'no-sandboxed-concurrency-test',
      },
    ],
  },
  {
    name: 'keys that only the server knows',
    lines: [
      'SELECT pg_advisory_lock(n) FROM generate_series(1, 3) AS n',
      HELD,
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(2)', sees: 'SELECT (false); I' },
      ['SELECT pg_advisory_unlock(2)', 'SELECT (true); I'],
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(2)', sees: 'SELECT (true); I' },
    ],
  },
  {
    name: 'session locks know no transaction',
    lines: [
      'BEGIN',
      'SELECT pg_advisory_lock(1)',
      'ROLLBACK',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (false); I' },
      ['SELECT pg_advisory_lock(2), 1 / 0', 'ERROR 22012; I'],
      ['SELECT pg_advisory_unlock(1)', 'SELECT (true); I'],
      'SELECT pg_advisory_unlock_all()',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (true); I' },
    ],
  },
  {
    name: 'locks of a transaction are free after it',
    lines: [
      'BEGIN',
      'SELECT pg_advisory_xact_lock(1)',
      ['SELECT pg_try_advisory_xact_lock(2)', 'SELECT (true); T'],
      'COMMIT',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (true); I' },
      ['SELECT pg_try_advisory_lock(1)', 'SELECT (false); I'],
      'BEGIN',
      ['SELECT pg_try_advisory_xact_lock(1)', 'SELECT (false); T'],
      'ROLLBACK',
      { on: 'b', sql: 'SELECT pg_advisory_unlock(1)', sees: 'SELECT (true); I' },
      ['SELECT pg_try_advisory_lock(1)', 'SELECT (true); I'],
      'SELECT pg_advisory_unlock(1)',
      { on: 'b', sql: 'SELECT pg_try_advisory_lock(1)', sees: 'SELECT (true); I' },
    ],
  },
]);
