/** BEGIN, COMMIT, ROLLBACK, savepoints, AND CHAIN: what the app says, sees, and what is sent for it. */
import { testRows } from './rows.ts';

const ada = "INSERT INTO users VALUES (1, 'Ada')";
const grace = "INSERT INTO users VALUES (2, 'Grace')";
const NAMES = 'SELECT name FROM users ORDER BY id';

testRows('transactions', [
  {
    name: 'statements outside of a transaction: each is one of its own',
    lines: [
      [ada, 'INSERT 1; I', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *; $check'],
      [NAMES, 'SELECT (Ada); I', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *; $check'],
      { sql: 'SELECT $1::int + 1 AS n', values: [1], sees: 'SELECT (2); I' },
      ['DELETE FROM users', 'DELETE 1; I'],
    ],
  },
  {
    name: 'a statement that fails outside of a transaction loses only itself',
    lines: [
      [ada, 'INSERT 1; I'],
      [ada, 'ERROR 23505; I'],
      [
        NAMES,
        'SELECT (Ada); I',
        'ROLLBACK TO SAVEPOINT $tx; RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *; $check',
      ],
      ['SELEKT', 'ERROR 42601; I'],
      [grace, 'INSERT 1; I'],
      [NAMES, 'SELECT (Ada)(Grace); I'],
    ],
  },
  {
    name: 'a transaction that commits',
    lines: [
      ['BEGIN', 'BEGIN; T', ''],
      [ada, 'INSERT 1; T', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *'],
      [grace, 'INSERT 1; T', '*'],
      ['COMMIT', 'COMMIT; I'],
      [NAMES, 'SELECT (Ada)(Grace); I'],
    ],
  },
  {
    name: 'a transaction that rolls back, with its savepoints',
    lines: [
      [grace, 'INSERT 1; I'],
      'BEGIN',
      [ada, 'INSERT 1; T'],
      ['SAVEPOINT s', 'SAVEPOINT; T'],
      ['ROLLBACK', 'ROLLBACK; I', ''],
      [
        NAMES,
        'SELECT (Grace); I',
        'ROLLBACK TO SAVEPOINT $tx; RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *; $check',
      ],
    ],
  },
  {
    name: 'BEGIN inside a transaction warns and does not nest',
    lines: [
      ['BEGIN', 'BEGIN; T'],
      [ada, 'INSERT 1; T'],
      ['BEGIN', 'WARNING 25001; BEGIN; T', ''],
      [grace, 'INSERT 1; T'],
      ['COMMIT', 'COMMIT; I'],
      ['ROLLBACK', 'WARNING 25P01; ROLLBACK; I', ''],
      [NAMES, 'SELECT (Ada)(Grace); I'],
    ],
  },
  {
    name: 'COMMIT and ROLLBACK outside of a transaction warn',
    lines: [
      ['COMMIT', 'WARNING 25P01; COMMIT; I', ''],
      ['ROLLBACK', 'WARNING 25P01; ROLLBACK; I', ''],
      [ada, 'INSERT 1; I'],
      ['END', 'WARNING 25P01; COMMIT; I', ''],
      ['ABORT', 'WARNING 25P01; ROLLBACK; I', ''],
      ['COMMIT AND NO CHAIN', 'WARNING 25P01; COMMIT; I', ''],
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'an error aborts the transaction until ROLLBACK',
    tells: ['no-swallowed-sql-error'],
    lines: [
      'BEGIN',
      ada,
      [ada, 'ERROR 23505; E'],
      [NAMES, 'ERROR 25P02; E', '*'],
      ['SAVEPOINT s', 'ERROR 25P02; E', '*'],
      ['BEGIN', 'ERROR 25P02; E', '*'],
      ['SET TRANSACTION READ ONLY', 'ERROR 25P02; E', '*'],
      ['ROLLBACK', 'ROLLBACK; I'],
      [NAMES, 'SELECT 0; I'],
      [grace, 'INSERT 1; I'],
    ],
  },
  {
    name: 'COMMIT of an aborted transaction answers ROLLBACK',
    tells: ['no-swallowed-sql-error'],
    lines: [
      'BEGIN',
      ada,
      [ada, 'ERROR 23505; E'],
      ['COMMIT', 'ROLLBACK; I', ''],
      [NAMES, 'SELECT 0; I'],
    ],
  },
  {
    name: 'other spellings',
    lines: [
      ['start transaction', 'START; T'],
      [ada, 'INSERT 1; T'],
      ['end work', 'COMMIT; I'],
      ['/* a comment */ bEgIn -- another', 'BEGIN; T'],
      [grace, 'INSERT 1; T'],
      ['; abort;', 'ROLLBACK; I'],
      ['BEGIN WORK', 'BEGIN; T'],
      ['commit transaction and no chain', 'COMMIT; I'],
      ';',
      '',
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'savepoints of the app are the server’s',
    lines: [
      'BEGIN',
      ada,
      ['SAVEPOINT x', 'SAVEPOINT; T', '*'],
      grace,
      [grace, 'ERROR 23505; E'],
      ['ROLLBACK TO x', 'ROLLBACK; T', '*'],
      [NAMES, 'SELECT (Ada); T'],
      'SAVEPOINT "X y"',
      grace,
      ['RELEASE SAVEPOINT "X y"', 'RELEASE; T', '*'],
      ['ROLLBACK TO SAVEPOINT nowhere', 'ERROR 3B001; E', '*'],
      ['ROLLBACK WORK TO SAVEPOINT x', 'ROLLBACK; T', '*'],
      [NAMES, 'SELECT (Ada); T'],
      ['COMMIT', 'COMMIT; I'],
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'savepoints of the same name shadow each other',
    lines: [
      'BEGIN',
      'SAVEPOINT s',
      ada,
      'SAVEPOINT s',
      grace,
      'ROLLBACK TO s',
      [NAMES, 'SELECT (Ada); T'],
      'RELEASE s',
      'ROLLBACK TO s',
      [NAMES, 'SELECT 0; T'],
      'COMMIT',
    ],
  },
  {
    name: 'savepoints of one transaction are none of the next',
    tells: ['no-swallowed-sql-error'],
    lines: [
      'BEGIN',
      'SAVEPOINT x',
      'COMMIT',
      'BEGIN',
      ['ROLLBACK TO x', 'ERROR 3B001; E'],
      'COMMIT',
    ],
  },
  {
    name: 'AND CHAIN ends a transaction and begins the next',
    lines: [
      'BEGIN',
      ada,
      ['COMMIT AND CHAIN', 'COMMIT; T', '$check'],
      [grace, 'INSERT 1; T', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *'],
      ['ROLLBACK AND CHAIN', 'ROLLBACK; T', ''],
      [NAMES, 'SELECT (Ada); T'],
      ['COMMIT', 'COMMIT; I'],
      [NAMES, 'SELECT (Ada); I'],
    ],
  },
  {
    name: 'AND CHAIN after an error',
    tells: ['no-swallowed-sql-error'],
    lines: [
      'BEGIN',
      ada,
      ['SELEKT', 'ERROR 42601; E'],
      ['COMMIT AND CHAIN', 'ROLLBACK; T'],
      [grace, 'INSERT 1; T'],
      'COMMIT',
      [NAMES, 'SELECT (Grace); I'],
    ],
  },
  {
    name: 'AND CHAIN outside of a transaction is an error',
    lines: [
      ['COMMIT AND CHAIN', 'ERROR 25P01; I', ''],
      ['ROLLBACK AND CHAIN', 'ERROR 25P01; I', ''],
      NAMES,
    ],
  },
  {
    name: 'what needs a transaction is an error outside of one',
    lines: [
      ['SAVEPOINT x', 'ERROR 25P01; I'],
      ['RELEASE x', 'ERROR 25P01; I'],
      ['ROLLBACK TO x', 'ERROR 25P01; I'],
      ['LOCK TABLE users', 'ERROR 25P01; I'],
      ['DECLARE c CURSOR FOR SELECT 1', 'ERROR 25P01; I'],
      NAMES,
    ],
  },
  {
    name: 'and is read by the server first',
    lines: [
      ['LOCK users,', 'ERROR 42601; I'],
      'LOCK nowhere',
      'DECLARE c CURSOR FOR SELECT * FROM nowhere',
      ['SAVEPOINT select', 'ERROR 42601; I'],
      'ROLLBACK TO SAVEPOINT ""',
      'SET LOCAL app.user = 1',
      'SET LOCAL nosuch = 1',
      'SET CONSTRAINTS ALL',
      NAMES,
    ],
  },
  {
    name: 'what only warns outside of a transaction',
    lines: [
      ['SET LOCAL work_mem = 1234', 'WARNING 25P01; SET; I'],
      ['SHOW work_mem', 'SHOW (4MB); I'],
      ['SET TRANSACTION READ ONLY', 'WARNING 25P01; SET; I', ''],
      ['SET LOCAL transaction_read_only = on', 'WARNING 25P01; SET; I', ''],
      ['SET transaction_read_only = on', 'SET; I', ''],
      ['SET CONSTRAINTS ALL IMMEDIATE', 'WARNING 25P01; SET; I'],
      [ada, 'INSERT 1; I'],
    ],
  },
  {
    name: 'two clients of one pool',
    lines: [
      { on: 'a', sql: ada, sees: 'INSERT 1; I' },
      { on: 'b', sql: NAMES, sees: 'SELECT (Ada); I' },
      { on: 'b', sql: 'BEGIN', sees: 'BEGIN; T' },
      { on: 'b', sql: grace, sees: 'INSERT 1; T' },
      { on: 'b', sql: 'COMMIT', sees: 'COMMIT; I' },
      { on: 'pool', sql: NAMES, sees: 'SELECT (Ada)(Grace)' },
      { on: 'pool', sql: ada, sees: 'ERROR 23505' },
      { on: 'pool', sql: NAMES, sees: 'SELECT (Ada)(Grace)' },
    ],
  },
]);

testRows('texts of several statements', [
  {
    name: 'they are one transaction',
    lines: [
      [
        `${ada}; ${grace}`,
        'INSERT 1; INSERT 1; I',
        'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *; $check',
      ],
      ["INSERT INTO users VALUES (3, 'Edsger'); SELEKT", 'ERROR 42601; I'],
      [
        "INSERT INTO users VALUES (4, 'Barbara'); INSERT INTO users VALUES (4, 'again')",
        'ERROR 23505; I',
      ],
      [NAMES, 'SELECT (Ada)(Grace); I'],
      ['SELECT 1 AS one; SELECT 2 AS two', 'SELECT (1); SELECT (2); I'],
    ],
  },
  {
    name: 'it is none for what needs a block',
    lines: [
      ['SAVEPOINT x; SELECT 1', 'ERROR 25P01; I'],
      ['SELECT 1; SAVEPOINT x', 'ERROR 25P01; I'],
      ['SELECT 1; COMMIT AND CHAIN; SELECT 2', 'ERROR 25P01; I'],
    ],
  },
  {
    name: 'it is one for LOCK and SET LOCAL',
    lines: [
      ['LOCK TABLE users IN ROW SHARE MODE; SELECT 1', 'LOCK; SELECT (1); I'],
      ['SET LOCAL work_mem = 2345; SHOW work_mem', 'SET; SHOW (2345kB); I'],
      ['SHOW work_mem', 'SHOW (4MB); I'],
      ['VACUUM; SELECT 1', 'ERROR 25001; I'],
      ['SELECT 1; VACUUM', 'ERROR 25001; I'],
    ],
  },
  {
    name: 'a transaction in one text',
    lines: [
      [`BEGIN; ${ada}; COMMIT`, 'BEGIN; INSERT 1; COMMIT; I'],
      [`BEGIN; ${grace}; ROLLBACK`, 'BEGIN; INSERT 1; ROLLBACK; I'],
      [NAMES, 'SELECT (Ada); I'],
      [`BEGIN; ${ada}; COMMIT`, 'ERROR 23505; E'],
      'ROLLBACK',
      [`${grace}; BEGIN; INSERT INTO users VALUES (3, 'Edsger')`, 'INSERT 1; BEGIN; INSERT 1; T'],
      'ROLLBACK',
      [NAMES, 'SELECT (Ada); I'],
      [`${grace}; COMMIT; SELEKT`, 'ERROR 42601; I'],
      [NAMES, 'SELECT (Ada); I'],
      [
        "INSERT INTO users VALUES (5, 'x'); ROLLBACK; INSERT INTO users VALUES (6, 'y')",
        'WARNING 25P01; INSERT 1; ROLLBACK; INSERT 1; I',
      ],
      [NAMES, 'SELECT (Ada)(y); I'],
      [
        'BEGIN; SAVEPOINT s; SELECT 1 AS n; ROLLBACK TO s; RELEASE s; COMMIT; COMMIT',
        'WARNING 25P01; BEGIN; SAVEPOINT; SELECT (1); ROLLBACK; RELEASE; COMMIT; COMMIT; I',
      ],
      [
        "INSERT INTO users VALUES (7, 'ä'); COMMIT; /* ä🦊 */ INSERT INTO nowhere VALUES (1)",
        'WARNING 25P01; ERROR 42P01; I',
      ],
      [NAMES, 'SELECT (Ada)(y)(ä); I'],
      [
        "BEGIN; INSERT INTO users VALUES (8, 'z'); COMMIT AND CHAIN; SELECT 1 AS n",
        'BEGIN; INSERT 1; COMMIT; SELECT (1); T',
      ],
      'ROLLBACK',
      [NAMES, 'SELECT (Ada)(y)(ä)(z); I'],
    ],
  },
  {
    name: 'with values the server refuses them',
    lines: [
      { sql: 'SELECT $1::int; SELECT 1', values: [1], sees: 'ERROR 42601; I' },
      { sql: 'BEGIN; SELECT $1::int', values: [1], sees: 'ERROR 42601; I' },
      [NAMES, 'SELECT 0; I'],
    ],
  },
]);
