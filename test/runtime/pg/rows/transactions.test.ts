/** BEGIN, COMMIT, ROLLBACK and what becomes of them: section "transactions" of the guide's limits. */
import { testRows } from './rows.ts';

const ada = "INSERT INTO users VALUES (1, 'Ada')";
const grace = "INSERT INTO users VALUES (2, 'Grace')";
const NAMES = 'SELECT name FROM users ORDER BY id';

testRows('transactions', [
  {
    name: 'a transaction that commits',
    lines: [
      ['BEGIN', 'BEGIN; T', ''],
      [ada, 'INSERT 1; T', 'RELEASE SAVEPOINT $tx; SAVEPOINT $tx; *'],
      ['COMMIT', 'COMMIT; I'],
      [NAMES, 'SELECT (Ada); I'],
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
    name: 'PREPARE TRANSACTION is refused',
    lines: [
      'BEGIN',
      ada,
      { sql: "PREPARE TRANSACTION 'x'", refused: 'no-non-transactional-ddl' },
      ['COMMIT', 'COMMIT; I'],
      NAMES,
    ],
  },
]);
