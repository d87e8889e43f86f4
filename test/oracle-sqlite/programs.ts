/** Random programs, by families of statements that belong together. */
import fc from 'fast-check';
import { CALL_NAMES } from './calls.ts';
import { WAYS, type Program, type Step } from './program.ts';

export const SCHEMA = `
  CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> 'bad'));
  CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE strict_child (parent INTEGER NOT NULL REFERENCES parent);
  CREATE TABLE fragile (x TEXT UNIQUE ON CONFLICT ROLLBACK);
  CREATE TRIGGER stop BEFORE INSERT ON parent WHEN new.name = 'abort' BEGIN SELECT RAISE(ABORT, 'no; BEGIN'); END;
  CREATE TRIGGER undo BEFORE INSERT ON parent WHEN new.name = 'undo' BEGIN SELECT RAISE(ROLLBACK, 'undone'); END;
`;

const FAMILIES = {
  writing: [
    "INSERT INTO parent (name) VALUES ('x')",
    "INSERT INTO parent (name) VALUES ('y'), ('z')",
    "INSERT INTO parent (name) VALUES ('r') RETURNING id, name",
    "INSERT OR IGNORE INTO parent (name) VALUES ('x'), ('y')",
    "INSERT OR REPLACE INTO parent (id, name) VALUES (1, 'x')",
    'INSERT INTO counted VALUES (NULL)',
    'UPDATE parent SET name = name || id',
    'DELETE FROM parent WHERE id = 1',
    'DELETE FROM parent',
    "WITH w AS (SELECT 'w') INSERT INTO parent (name) SELECT * FROM w",
  ],
  reading: [
    'SELECT name FROM parent ORDER BY id',
    'SELECT count(*) AS n FROM child',
    'VALUES (1), (2)',
    'SELECT changes() AS n, last_insert_rowid() AS id',
    'PRAGMA table_info(parent)',
    'PRAGMA foreign_key_check',
    'EXPLAIN COMMIT',
  ],
  failing: [
    "INSERT INTO parent (name) VALUES ('fine'), ('bad')",
    "INSERT OR FAIL INTO parent (name) VALUES ('q'), ('x'), ('x')",
    "INSERT INTO parent (name) VALUES ('abort')",
    'INSERT INTO nowhere VALUES (1)',
    'SELECT syntax error',
    'COMMIT nonsense here',
    '',
    '-- nothing',
    ';;',
  ],
  transactions: [
    'BEGIN',
    'BEGIN IMMEDIATE',
    ' /* ; */ begin exclusive; -- x',
    'COMMIT',
    'END TRANSACTION',
    'ROLLBACK',
    "BEGIN; INSERT INTO parent (name) VALUES ('in one text'); COMMIT",
    "BEGIN; INSERT INTO parent (name) VALUES ('x'); ROLLBACK; SELECT 1",
  ],
  savepoints: [
    'SAVEPOINT a',
    'SAVEPOINT "B"',
    'RELEASE a',
    'RELEASE SAVEPOINT b',
    'ROLLBACK TO a',
    'ROLLBACK TRANSACTION TO SAVEPOINT B',
    "SAVEPOINT a; INSERT INTO child (parent) VALUES (99); RELEASE a; INSERT INTO parent (name) VALUES ('unreached')",
  ],
  deferred: [
    'INSERT INTO child (parent) VALUES (1)',
    'INSERT INTO child (parent) VALUES (99)',
    'INSERT INTO child (parent) VALUES (98) RETURNING parent',
    'INSERT INTO strict_child VALUES (99)',
    "INSERT INTO parent (id, name) VALUES (99, 'late')",
    'INSERT INTO child (parent) VALUES (98), (99)',
    "INSERT OR REPLACE INTO parent (id, name) VALUES (99, 'again')",
    'DELETE FROM parent WHERE id = 99',
    'DELETE FROM child WHERE id = 1',
    'DELETE FROM child',
    'DELETE FROM strict_child',
    'PRAGMA defer_foreign_keys = ON',
    'PRAGMA defer_foreign_keys = OFF',
  ],
  schema: [
    'CREATE TABLE extra (x REFERENCES parent DEFERRABLE INITIALLY DEFERRED)',
    'CREATE TABLE IF NOT EXISTS extra (x)',
    'DROP TABLE extra',
    'ALTER TABLE extra ADD COLUMN y',
    'INSERT INTO extra (x) VALUES (97)',
    'CREATE TEMP TABLE extra (x)',
    'DROP TABLE IF EXISTS child',
    'PRAGMA user_version = 7',
  ],
  undoing: [
    "INSERT OR ROLLBACK INTO parent (name) VALUES ('x'), ('x')",
    "INSERT INTO fragile VALUES ('f'), ('f')",
    "INSERT INTO fragile VALUES ('g')",
    "INSERT INTO parent (name) VALUES ('undo')",
    "UPDATE OR ROLLBACK parent SET name = 'same'",
  ],
  settings: [
    'PRAGMA recursive_triggers = ON',
    'PRAGMA cache_size = 77',
    'PRAGMA foreign_keys = ON',
    'PRAGMA foreign_keys',
    "ATTACH ':memory:' AS aux",
    'CREATE TABLE aux.t (x)',
    'DETACH aux',
  ],
  impossible: ['VACUUM', 'PRAGMA foreign_keys = OFF', 'PRAGMA synchronous = EXTRA'],
} as const;

export type Family = keyof typeof FAMILIES;
export const FAMILY_NAMES = Object.keys(FAMILIES) as readonly Family[];

const ROWS = ['SELECT id FROM parent', 'VALUES (1), (2), (3)'];
const VARIANTS = ['default', 'deferred', 'immediate', 'exclusive'];

/** What only some handles have. */
export interface Having {
  readonly calls: boolean;
  /** Transaction functions that see whether the app is in a transaction. */
  readonly functions: boolean;
  /** Bytes that hold what is not committed: `serialize()` is refused elsewhere. */
  readonly bytes: boolean;
}

export function statementsOf(families: readonly Family[]): readonly string[] {
  return families.flatMap((family): readonly string[] => FAMILIES[family]);
}

export function programs(families: readonly Family[], having: Having): fc.Arbitrary<Program> {
  const sql = fc.constantFrom(...statementsOf(families));
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        is: fc.constant('sql' as const),
        sql,
        way: fc.constantFrom(...WAYS),
      }),
    },
    { weight: 2, arbitrary: fc.record({ is: fc.constant('kept' as const), sql }) },
    {
      weight: 1,
      arbitrary: fc.record({
        is: fc.constant('amid' as const),
        rows: fc.constantFrom(...ROWS),
        sql,
      }),
    },
    {
      weight: having.calls ? 1 : 0,
      arbitrary: fc.record({
        is: fc.constant('call' as const),
        name: fc.constantFrom(...callsWith(having)),
      }),
    },
    {
      weight: having.functions ? 1 : 0,
      arbitrary: fc.record({
        is: fc.constant('function' as const),
        variant: fc.constantFrom(...VARIANTS),
        statements: fc.array(sql, { maxLength: 3 }),
      }),
    },
  );
  return fc.array(step, { minLength: 1, maxLength: 20 });
}

/** What a program may call. */
export function callsWith({ functions, bytes }: Having): typeof CALL_NAMES {
  return CALL_NAMES.filter(
    (name) =>
      (functions || name !== 'a transaction that commits itself') &&
      (bytes || name !== 'the database serialized'),
  );
}
