/**
 * What SQLite does for real, row by row: a statement in a state, what the sandbox sends for it, and
 * that the app sees the same as on a file without a sandbox, or a refusal by name, and the same state
 * afterwards.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { tempDir } from '../../../runtime/src/process/index.ts';
import { leaseOf } from '../../../runtime/src/sqlite/lease.ts';
import { SharedHandle } from '../../../runtime/src/sqlite/shared-handle.ts';
import { scopeOf } from '../../../runtime/src/test-scope.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { scriptedTest } from '../support/scripted-test.ts';
import { DRIVERS, outcome, rowsOf, type AnyHandle, type DriverHere } from './drivers.ts';

type Does = string | ((db: AnyHandle, folder: string) => unknown);

interface Row {
  readonly topic: string;
  /** Statements that bring about the state before. */
  readonly before?: readonly string[];
  readonly does: Does;
  /** What SQLite is sent for it in the sandbox; the same where absent. */
  readonly sent?: readonly string[];
  /** The hazard that it is refused with; seen for real where absent. */
  readonly refused?: string;
  /** What ended the test: an error of its own. */
  readonly fails?: string;
}

const SCHEMA = `
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
  CREATE TABLE child (parent REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE strict (parent REFERENCES parent);
  CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
  CREATE TABLE fragile (x TEXT UNIQUE ON CONFLICT ROLLBACK);
  CREATE TRIGGER undo BEFORE INSERT ON parent WHEN new.name = 'undo' BEGIN SELECT RAISE(ROLLBACK, 'undone'); END;
  INSERT INTO parent VALUES (1, 'root');
`;

const APP = '"savepoint app"';
const INSERT = "INSERT INTO parent (name) VALUES ('a')";
const ORPHAN = 'INSERT INTO child VALUES (99)';
const STRICT_ORPHAN = 'INSERT INTO strict VALUES (99)';
const FORGIVE = 'PRAGMA defer_foreign_keys = OFF';
/** What is broken from now on, and owed by nobody. */
const FORGIVEN = ['BEGIN', ORPHAN, ORPHAN, FORGIVE, 'COMMIT'];
const FORGIVEN_STRICT = [
  'BEGIN',
  'PRAGMA defer_foreign_keys = ON',
  STRICT_ORPHAN,
  FORGIVE,
  'COMMIT',
];
const PARENT = "INSERT INTO parent VALUES (99, 'late')";
const FIRST_DEFERRED = 'CREATE TABLE late (p REFERENCES parent DEFERRABLE INITIALLY DEFERRED)';
const CLASH = "INSERT OR ROLLBACK INTO parent (name) VALUES ('root')";
const UNDO = [`ROLLBACK TO ${APP}`, `RELEASE ${APP}`];

const ROWS: readonly Row[] = [
  // outer
  {
    topic: 'SAVEPOINT begins a transaction',
    does: 'SAVEPOINT a',
    sent: [`SAVEPOINT ${APP}`, 'SAVEPOINT a'],
  },
  {
    topic: 'RELEASE of the outermost commits',
    before: ['SAVEPOINT a', INSERT],
    does: 'RELEASE a',
    sent: [`RELEASE ${APP}`],
  },
  {
    topic: 'RELEASE of an inner one does not',
    before: ['SAVEPOINT a', 'SAVEPOINT b', INSERT],
    does: 'RELEASE b; ROLLBACK TO a',
  },
  // app BEGIN
  { topic: 'BEGIN', does: 'BEGIN', sent: [`SAVEPOINT ${APP}`] },
  { topic: 'BEGIN IMMEDIATE', does: 'BEGIN IMMEDIATE', sent: [`SAVEPOINT ${APP}`] },
  { topic: 'BEGIN EXCLUSIVE', does: 'BEGIN EXCLUSIVE', sent: [`SAVEPOINT ${APP}`] },
  { topic: 'BEGIN in a transaction', before: ['BEGIN'], does: 'BEGIN' },
  { topic: 'BEGIN IMMEDIATE after SAVEPOINT', before: ['SAVEPOINT a'], does: 'BEGIN IMMEDIATE' },
  // app COMMIT and ROLLBACK
  { topic: 'COMMIT', before: ['BEGIN', INSERT], does: 'COMMIT', sent: [`RELEASE ${APP}`] },
  { topic: 'END', before: ['BEGIN', INSERT], does: '/* ; */ END', sent: [`RELEASE ${APP}`] },
  { topic: 'ROLLBACK', before: ['BEGIN', INSERT], does: 'ROLLBACK', sent: UNDO },
  { topic: 'ROLLBACK of what came after COMMIT', before: [INSERT, 'BEGIN'], does: 'ROLLBACK' },
  { topic: 'COMMIT without a transaction', does: 'COMMIT' },
  { topic: 'ROLLBACK without a transaction', does: 'ROLLBACK' },
  { topic: 'a transaction in one text', does: `BEGIN; ${INSERT}; COMMIT` },
  { topic: 'COMMIT that a statement prepared', before: ['BEGIN'], does: run('COMMIT') },
  // db.transaction
  { topic: 'a transaction function', does: transaction('default') },
  { topic: 'an immediate transaction function', does: transaction('immediate') },
  {
    topic: 'a transaction function in a transaction',
    before: ['BEGIN'],
    does: transaction('default'),
  },
  { topic: 'a transaction function that throws', does: transaction('default', true) },
  // a failed statement
  {
    topic: 'a failed statement does not end the transaction',
    before: ['BEGIN', INSERT],
    does: INSERT,
    sent: [INSERT],
  },
  { topic: 'a failed statement outside of one', before: [INSERT], does: INSERT },
  // what ends the whole transaction
  { topic: 'INSERT OR ROLLBACK in a transaction', before: ['BEGIN', INSERT], does: CLASH },
  { topic: 'INSERT OR ROLLBACK outside of one', does: CLASH },
  {
    topic: 'ON CONFLICT ROLLBACK',
    before: ['BEGIN'],
    does: "INSERT INTO fragile VALUES ('x'), ('x')",
  },
  {
    topic: 'RAISE(ROLLBACK)',
    before: ['SAVEPOINT a', INSERT],
    does: run("INSERT INTO parent (name) VALUES ('undo')"),
  },
  {
    topic: 'INSERT OR ROLLBACK after a commit',
    before: [INSERT, 'BEGIN'],
    does: CLASH,
    refused: 'no-nested-begin',
    fails: 'no-nested-begin',
  },
  {
    topic: 'a full database',
    before: ['PRAGMA max_page_count = 1', 'BEGIN', INSERT],
    does: 'INSERT INTO parent (name) VALUES (hex(zeroblob(100000)))',
  },
  // deferred foreign keys
  { topic: 'a deferred key at COMMIT', before: ['BEGIN', ORPHAN], does: 'COMMIT', sent: [] },
  {
    topic: 'a deferred key that was put right',
    before: ['BEGIN', ORPHAN, PARENT],
    does: 'COMMIT',
  },
  {
    topic: 'a deferred key at an inner RELEASE',
    before: ['BEGIN', 'SAVEPOINT a', ORPHAN],
    does: 'RELEASE a',
  },
  {
    topic: 'a deferred key at the outermost RELEASE',
    before: ['SAVEPOINT a', ORPHAN],
    does: 'RELEASE a',
    sent: [],
  },
  { topic: 'a deferred key outside of a transaction', does: ORPHAN },
  {
    topic: 'the first deferred key of a schema',
    before: ['DROP TABLE child', FIRST_DEFERRED],
    does: 'INSERT INTO late VALUES (99)',
  },
  {
    topic: 'the first deferred key of a schema, made by a statement',
    before: ['DROP TABLE child'],
    does: (db) => {
      db.prepare(FIRST_DEFERRED).run();
      db.prepare('INSERT INTO late VALUES (99)').run();
    },
  },
  {
    topic: 'a key that is not deferred',
    before: ['BEGIN'],
    does: STRICT_ORPHAN,
  },
  {
    topic: 'a key that fits no index of its parent',
    before: [
      'CREATE TABLE loose (x)',
      'CREATE TABLE unfit (x REFERENCES loose (x))',
      'BEGIN',
      ORPHAN,
    ],
    does: 'COMMIT',
  },
  // deferred keys that are forgiven: SQLite counts what is owed, not what is broken
  {
    topic: 'a deferred key that was forgiven',
    before: ['BEGIN', ORPHAN, FORGIVE],
    does: 'COMMIT',
    sent: [`RELEASE ${APP}`],
  },
  {
    topic: 'a deferred key that was forgiven, at the outermost RELEASE',
    before: ['SAVEPOINT a', ORPHAN, FORGIVE],
    does: 'RELEASE a',
  },
  {
    topic: 'a key that was broken after others were forgiven',
    before: ['BEGIN', ORPHAN, FORGIVE, ORPHAN],
    does: 'COMMIT',
  },
  {
    topic: 'a key that is not deferred, forgiven',
    before: FORGIVEN_STRICT.slice(0, -1),
    does: 'COMMIT',
  },
  {
    topic: 'ROLLBACK TO what was before keys were forgiven',
    before: ['BEGIN', ORPHAN, 'SAVEPOINT a', FORGIVE],
    does: 'ROLLBACK TO a; COMMIT',
  },
  {
    topic: 'ROLLBACK TO what was after keys were forgiven',
    before: ['BEGIN', ORPHAN, FORGIVE, 'SAVEPOINT a', ORPHAN],
    does: 'ROLLBACK TO a; COMMIT',
  },
  {
    topic: 'a key that was broken before the transaction, put right in the place of another',
    before: [
      ...FORGIVEN,
      'BEGIN',
      'INSERT INTO child VALUES (98)',
      'DELETE FROM child WHERE rowid = 1',
    ],
    does: 'COMMIT',
  },
  {
    topic: 'a key that was broken before the transaction, put right before another was broken',
    before: [...FORGIVEN, 'BEGIN', 'DELETE FROM child', ORPHAN],
    does: 'COMMIT',
  },
  {
    topic: 'all rows with broken keys deleted, those of before too, and one broken anew',
    before: [...FORGIVEN, 'BEGIN', ORPHAN, 'DELETE FROM child', ORPHAN],
    does: 'COMMIT',
  },
  {
    topic: 'more keys put right at once than the transaction broke',
    before: [...FORGIVEN, 'BEGIN', ORPHAN, PARENT],
    does: 'COMMIT',
  },
  {
    topic: 'a key that is not deferred, put right in the place of one that is',
    before: [...FORGIVEN_STRICT, 'BEGIN', ORPHAN, 'DELETE FROM strict'],
    does: 'COMMIT',
  },
  {
    topic: 'a table of another name with keys that were forgiven',
    before: [...FORGIVEN, 'BEGIN', 'ALTER TABLE child RENAME TO extra'],
    does: 'COMMIT',
  },
  {
    topic: 'statements of one text where keys were forgiven',
    before: [...FORGIVEN, 'BEGIN'],
    does: `DELETE FROM child; ${ORPHAN}; COMMIT`,
  },
  // pragmas
  {
    topic: 'foreign_keys',
    does: 'PRAGMA foreign_keys = OFF',
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  { topic: 'foreign_keys as it is', does: 'PRAGMA foreign_keys = ON' },
  {
    topic: 'defer_foreign_keys ends with the transaction',
    before: ['BEGIN', 'PRAGMA defer_foreign_keys = ON', 'INSERT INTO strict VALUES (1)', 'COMMIT'],
    does: STRICT_ORPHAN,
  },
  {
    topic: 'defer_foreign_keys holds in the transaction',
    before: ['BEGIN', 'PRAGMA defer_foreign_keys = ON'],
    does: STRICT_ORPHAN,
  },
  {
    topic: 'journal_mode',
    does: 'PRAGMA journal_mode = OFF',
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  {
    topic: 'synchronous',
    does: 'PRAGMA synchronous = OFF',
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  {
    topic: 'temp_store',
    does: 'PRAGMA temp_store = MEMORY',
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  { topic: 'recursive_triggers', does: 'PRAGMA recursive_triggers = ON' },
  { topic: 'busy_timeout', does: 'PRAGMA busy_timeout = 17' },
  { topic: 'case_sensitive_like', does: 'PRAGMA case_sensitive_like = ON' },
  {
    topic: 'case_sensitive_like once it is set',
    before: ['PRAGMA case_sensitive_like = ON'],
    does: (db) => db.prepare("SELECT name LIKE 'ROOT' AS alike FROM parent").all(),
  },
  { topic: 'user_version', before: ['BEGIN'], does: 'PRAGMA user_version = 3; ROLLBACK' },
  { topic: 'application_id', does: 'PRAGMA application_id = 3' },
  // what does not work in a transaction
  { topic: 'VACUUM', does: 'VACUUM', refused: 'no-non-transactional-ddl', sent: [] },
  {
    topic: 'VACUUM INTO',
    does: (db, folder) => db.exec(`VACUUM INTO '${join(folder, 'out.db')}'`),
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  {
    topic: 'wal_checkpoint',
    does: 'PRAGMA wal_checkpoint',
    refused: 'no-non-transactional-ddl',
    sent: [],
  },
  // ATTACH
  { topic: 'ATTACH', does: attach },
  {
    topic: 'a table in an attached database',
    does: (db, folder) => {
      attach(db, folder);
      db.exec('CREATE TABLE aux.t (x); INSERT INTO aux.t VALUES (1)');
      return rowsOf(db, 'SELECT * FROM aux.t');
    },
  },
  {
    topic: 'DETACH of what was not written',
    does: (db, folder) => {
      attach(db, folder);
      db.exec('DETACH aux');
    },
  },
  {
    topic: 'DETACH of what was read',
    does: (db, folder) => {
      attach(db, folder);
      rowsOf(db, 'SELECT * FROM aux.sqlite_schema');
      db.exec('DETACH aux');
    },
    refused: 'no-non-transactional-ddl',
  },
  {
    topic: 'DETACH in a transaction, of what was written before',
    does: (db, folder) => {
      attach(db, folder);
      db.exec('CREATE TABLE aux.t (x); BEGIN; DETACH aux');
    },
    refused: 'no-non-transactional-ddl',
  },
  {
    topic: 'DETACH in a transaction, of what the sandbox read in search of deferred keys',
    does: (db, folder) => {
      attach(db, folder);
      db.exec('BEGIN; DETACH aux');
    },
    refused: 'no-non-transactional-ddl',
  },
  {
    topic: 'DETACH of what is not there',
    before: ['BEGIN'],
    does: 'DETACH nobody',
  },
  {
    topic: 'DETACH of what was written',
    does: (db, folder) => {
      attach(db, folder);
      db.exec('CREATE TABLE aux.t (x)');
      db.exec('DETACH aux');
    },
    refused: 'no-non-transactional-ddl',
  },
  // DDL
  { topic: 'CREATE TABLE', before: ['BEGIN'], does: 'CREATE TABLE extra (x); ROLLBACK' },
  { topic: 'CREATE TEMP TABLE', does: 'CREATE TEMP TABLE extra (x); INSERT INTO extra VALUES (1)' },
  { topic: 'DROP TABLE', does: 'DROP TABLE fragile' },
  {
    topic: 'a table that defers keys, made in the test',
    before: [FIRST_DEFERRED, 'BEGIN'],
    does: 'INSERT INTO late VALUES (99); COMMIT',
  },
  // ids
  {
    topic: 'AUTOINCREMENT',
    before: ['BEGIN', 'INSERT INTO counted VALUES (NULL)', 'ROLLBACK'],
    does: 'INSERT INTO counted VALUES (NULL)',
  },
  {
    topic: 'last_insert_rowid() and changes() after ROLLBACK',
    before: ['BEGIN', INSERT, 'ROLLBACK'],
    does: (db) => rowsOf(db, 'SELECT last_insert_rowid() AS id, changes() AS n'),
  },
  // savepoint names
  {
    topic: 'savepoints of one name',
    before: ['BEGIN', 'SAVEPOINT a', INSERT, 'SAVEPOINT "A"'],
    does: 'ROLLBACK TO a; RELEASE a; ROLLBACK TO a',
  },
  { topic: 'a savepoint that is not there', before: ['BEGIN'], does: 'RELEASE "nobody"' },
  // iterators
  {
    topic: 'statements while rows are being read',
    does: (db) => {
      const seen: unknown[] = [];
      for (const row of db.prepare('SELECT id FROM parent').iterate())
        seen.push(
          row,
          outcome(() => void db.exec('BEGIN')),
          outcome(() => rowsOf(db, 'SELECT 1')),
        );
      return seen;
    },
  },
  { topic: 'what is only asked for rows, and not for the first', does: unasked },
  { topic: 'a transaction row by row', does: rowByRow },
  { topic: 'what comes after a COMMIT that failed row by row', does: unfinished('none') },
  { topic: 'a COMMIT that failed row by row, tried again', does: unfinished('next') },
  { topic: 'a COMMIT that failed row by row, given up', does: unfinished('return') },
  { topic: 'a COMMIT that failed row by row, run anew', does: unfinished('run') },
  // reading back
  { topic: 'a serialized image holds what the app committed', before: [INSERT], does: serialized },
];

function run(sql: string): Does {
  return (db) => db.prepare(sql).run();
}

function transaction(variant: 'default' | 'immediate', fails = false): Does {
  return (db) => {
    const { transaction: make } = db as {
      transaction?: (work: () => unknown) => Record<string, () => unknown>;
    };
    if (!make) return 'the driver has none';
    const work = make.call(db, () => {
      db.exec(INSERT);
      if (fails) throw new Error('the app changed its mind');
    });
    return work[variant]?.();
  };
}

/** Rows of statements that have none: better-sqlite3 refuses to give any. */
function unasked(db: AnyHandle): unknown {
  return ['BEGIN', 'CREATE TABLE extra (x)', 'COMMIT'].map((sql) =>
    outcome(() => typeof db.prepare(sql).iterate()),
  );
}

function rowByRow(db: AnyHandle): unknown {
  return ['BEGIN', 'CREATE TABLE extra (x)', 'COMMIT', 'COMMIT'].map((sql) =>
    outcome(() => {
      const rows = db.prepare(sql).iterate();
      return [rows.next(), rows.return?.()].map((each) => ({ ...each }));
    }),
  );
}

/** A COMMIT that failed, what is done to it when the key was put right, and whether it still keeps a table. */
function unfinished(then: 'none' | 'next' | 'return' | 'run'): Does {
  return (db) => {
    db.exec(`BEGIN; ${ORPHAN}`);
    const statement = db.prepare('COMMIT');
    return outcome(() => {
      const rows = statement.iterate();
      const dropping = (): unknown => outcome(() => void db.exec('DROP TABLE fragile'));
      const failed = outcome(() => rows.next());
      db.exec(PARENT);
      const kept = dropping();
      const again = outcome(() => {
        if (then === 'none') return db.exec('COMMIT');
        return then === 'run' ? statement.run() : { ...rows[then]?.() };
      });
      return [failed, kept, again, dropping(), outcome(() => statement.run())];
    });
  };
}

function attach(db: AnyHandle, folder: string): void {
  db.exec(`ATTACH '${join(folder, 'aux.db')}' AS aux`);
}

function serialized(db: AnyHandle): unknown {
  const { serialize } = db as { serialize?: () => Uint8Array };
  return (
    serialize === undefined ||
    Buffer.from(serialize.call(db)).includes('rootaa') ||
    serialize.call(db).length
  );
}

/** Everything that can be asked of a database. */
function stateOf(driver: DriverHere, db: AnyHandle): unknown {
  const ask = (sql: string) => outcome(() => rowsOf(db, sql));
  const tables = ['parent', 'child', 'strict', 'counted', 'fragile', 'extra', 'aux.t'];
  return {
    inTransaction: driver.inTransaction(db),
    rows: tables.map((table) => ask(`SELECT rowid, * FROM ${table}`)),
    schema: ask('SELECT type, name FROM sqlite_schema ORDER BY name'),
    databases: ask("SELECT name FROM pragma_database_list WHERE name <> 'temp'"),
    settings: [
      'user_version',
      'application_id',
      'recursive_triggers',
      'foreign_keys',
      'busy_timeout',
      'journal_mode',
      'synchronous',
    ].map((name) => ask(`PRAGMA ${name}`)),
  };
}

function perform(db: AnyHandle, does: Does, folder: string): unknown {
  return outcome(() => {
    const result = typeof does === 'string' ? void db.exec(does) : does(db, folder);
    return result === db ? 'the handle' : result;
  });
}

/** A migrated file. */
function makeFile(driver: DriverHere, folder: string, journal: string): string {
  const file = join(folder, 'test.db');
  const handle = driver.open(file);
  rowsOf(handle, `PRAGMA journal_mode = ${journal}`);
  handle.exec(SCHEMA);
  handle.close();
  return file;
}

const places = ['delete', 'wal', 'memory'] as const;

for (const driver of DRIVERS)
  for (const place of places)
    for (const row of ROWS)
      test(`${driver.name}, ${place}: ${row.topic}`, (t) => checkRow(t, driver, place, row));

async function checkRow(
  t: TestContext,
  driver: DriverHere,
  place: (typeof places)[number],
  { topic, before = [], does, sent, refused, fails }: Row,
): Promise<void> {
  const [realFolder, folder] = [tempDir(t), tempDir(t)];
  const open = (inFolder: string, log?: (sql: string) => void): AnyHandle => {
    const file = place === 'memory' ? ':memory:' : makeFile(driver, inFolder, place);
    const handle = driver.open(file, log);
    if (place === 'memory') handle.exec(SCHEMA);
    t.after(() => handle.close());
    return handle;
  };
  const log: string[] = [];
  const real = open(realFolder);
  const own = open(folder, (sql) => void log.push(sql));
  const atFirst = stateOf(driver, own);

  const shared = new SharedHandle(driver.raw(own));
  const inner = scriptedTest(topic);
  const scope = scopeOf(inner.t);
  const sandboxed = shared.lend(scope, leaseOf(scope, captureTrace()), () => undefined);
  for (const sql of before) for (const db of [real, sandboxed]) db.exec(sql);

  log.length = 0;
  const here = perform(sandboxed, does, folder) as { code?: string };
  const reached = log.slice();
  if (refused === undefined) {
    assert.deepEqual(here, perform(real, does, realFolder));
    assert.deepEqual(stateOf(driver, sandboxed), stateOf(driver, real));
  } else {
    assert.equal(here.code, refused);
  }
  if (sent && driver.name === 'better-sqlite3')
    assert.deepEqual(
      reached.filter((sql) => !isAsking(sql)),
      sent,
    );

  const ended = (await inner.end()) as (Error & { code?: string }) | undefined;
  assert.equal(ended?.code, fails, ended?.message);
  if (shared.raw.inTransaction) shared.raw.exec('ROLLBACK');
  assert.deepEqual(stateOf(driver, own), atFirst);
}

/** What the sandbox itself wants to know. */
function isAsking(sql: string): boolean {
  return /^(?:SELECT|PRAGMA) /.test(sql) || /^(?:SAVEPOINT|RELEASE) "savepoint probe"$/.test(sql);
}
