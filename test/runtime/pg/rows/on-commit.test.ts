/** ON COMMIT DROP and DELETE ROWS: tables are known by more than their names. */
import { testRows } from './rows.ts';

const COUNT = 'SELECT count(*)::int FROM own';
const EMPTIED = 'CREATE TEMP TABLE IF NOT EXISTS own (n int) ON COMMIT DELETE ROWS';

testRows('tables that a COMMIT ends or empties', [
  {
    name: 'another table of the same name keeps its rows',
    lines: [
      EMPTIED,
      'INSERT INTO own VALUES (1)',
      [COUNT, 'SELECT (0); I'],
      'DROP TABLE own',
      'CREATE TEMP TABLE own (n int)',
      'INSERT INTO own VALUES (1), (2)',
      [COUNT, 'SELECT (2); I'],
      'BEGIN',
      'COMMIT',
      [COUNT, 'SELECT (2); I'],
    ],
  },
  {
    name: 'made and filled in one text',
    lines: [
      'CREATE TEMP TABLE own (n int) ON COMMIT DROP; INSERT INTO own VALUES (1)',
      'CREATE TEMP TABLE own (n int) ON COMMIT DELETE ROWS; INSERT INTO own VALUES (1); INSERT INTO own VALUES (2)',
      [COUNT, 'SELECT (0); I'],
    ],
  },
  {
    name: 'IF NOT EXISTS made none',
    lines: [
      'CREATE TEMP TABLE own (n int)',
      'INSERT INTO own VALUES (1), (2)',
      EMPTIED,
      [COUNT, 'SELECT (2); I'],
      'BEGIN',
      'CREATE TEMP TABLE IF NOT EXISTS own (n int) ON COMMIT DROP',
      'COMMIT',
      [COUNT, 'SELECT (2); I'],
    ],
  },
  {
    name: 'made, dropped and made again in one transaction',
    lines: [
      'BEGIN',
      'CREATE TEMP TABLE own (n int) ON COMMIT DROP',
      'DROP TABLE own',
      'CREATE TEMP TABLE own AS SELECT 1 AS n',
      'COMMIT',
      [COUNT, 'SELECT (1); I'],
      'BEGIN',
      'DROP TABLE own',
      'CREATE TEMP TABLE own (n int) ON COMMIT DELETE ROWS',
      'INSERT INTO own VALUES (1)',
      [COUNT, 'SELECT (1); T'],
      'COMMIT',
      [COUNT, 'SELECT (0); I'],
      'INSERT INTO own VALUES (1)',
      [COUNT, 'SELECT (0); I'],
    ],
  },
  {
    name: 'made in a savepoint that was rolled back',
    lines: [
      'CREATE TEMP TABLE own AS SELECT 1 AS n',
      'BEGIN',
      'SAVEPOINT s',
      'DROP TABLE own',
      'CREATE TEMP TABLE own (n int) ON COMMIT DROP',
      'ROLLBACK TO s',
      'COMMIT',
      [COUNT, 'SELECT (1); I'],
    ],
  },
  {
    name: 'each client has its own',
    lines: [
      EMPTIED,
      { on: 'b', sql: 'CREATE TEMP TABLE own AS SELECT 1 AS n' },
      { on: 'b', sql: COUNT, sees: 'SELECT (1); I' },
      'INSERT INTO own VALUES (1)',
      [COUNT, 'SELECT (0); I'],
      { on: 'b', sql: COUNT, sees: 'SELECT (1); I' },
    ],
  },
  {
    name: 'RESET ALL between two SET LOCAL of the same',
    lines: [
      'BEGIN',
      'SET LOCAL work_mem = 1111',
      'RESET ALL',
      'SET LOCAL work_mem = 2222',
      'COMMIT',
      'SHOW work_mem',
    ],
  },
]);
