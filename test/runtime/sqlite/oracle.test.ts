/**
 * The same program on a plain handle and in each sandbox must see the same: results, errors, rows,
 * `changes`, `inTransaction`. A failure prints the program.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { sqlite } from '../../../runtime/src/sqlite/index.ts';
import { Lease } from '../../../runtime/src/sqlite/lease.ts';
import { BetterRawHandle } from '../../../runtime/src/sqlite/better-sqlite3.ts';
import { watchHandle } from '../../../runtime/src/sqlite/watched-handle.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { scriptedTest } from '../support/scripted-test.ts';
import { tempDir } from '../../../runtime/src/process/index.ts';

type Handle = Database.Database;

const SCHEMA = `
  CREATE TABLE counted (id INTEGER PRIMARY KEY);
  CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE CHECK (name <> 'bad'));
  CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
  CREATE TABLE strict_child (parent INTEGER NOT NULL REFERENCES parent);
  CREATE TRIGGER abort BEFORE INSERT ON parent WHEN new.name = 'abort' BEGIN SELECT RAISE(ABORT, 'no; BEGIN'); END;
`;

/** One step: a phrase that shows in a failure, and what it does. */
type Step = readonly [string, (db: Handle) => unknown];

const sqlSteps = [
  'BEGIN',
  'BEGIN IMMEDIATE',
  ' /* ; */ begin exclusive; -- x',
  'COMMIT',
  'END TRANSACTION',
  'ROLLBACK',
  'SAVEPOINT a',
  'SAVEPOINT "B"',
  'RELEASE a',
  'RELEASE SAVEPOINT b',
  'ROLLBACK TO a',
  'ROLLBACK TRANSACTION TO SAVEPOINT B',
  "INSERT INTO parent (name) VALUES ('x')",
  "INSERT INTO parent (name) VALUES ('y'), ('z'), ('bad')",
  "INSERT OR IGNORE INTO parent (name) VALUES ('x'), ('y')",
  "INSERT OR REPLACE INTO parent (id, name) VALUES (1, 'x')",
  "INSERT OR FAIL INTO parent (name) VALUES ('q'), ('x')",
  "INSERT INTO parent (name) VALUES ('abort')",
  'INSERT INTO child (parent) VALUES (1)',
  'INSERT INTO child (parent) VALUES (99)',
  'INSERT INTO strict_child VALUES (99)',
  "INSERT INTO parent (id, name) VALUES (99, 'late')",
  'DELETE FROM parent WHERE id = 1',
  'DELETE FROM child',
  'UPDATE parent SET name = name || id',
  'CREATE TABLE extra (x)',
  'DROP TABLE extra',
  'SELECT syntax error',
  'COMMIT nonsense here',
  "BEGIN; INSERT INTO parent (name) VALUES ('in exec'); COMMIT",
  "BEGIN; INSERT INTO parent (name) VALUES ('x'); ROLLBACK; SELECT 1",
  "SAVEPOINT a; INSERT INTO child (parent) VALUES (99); RELEASE a; INSERT INTO parent (name) VALUES ('unreached')",
  'PRAGMA defer_foreign_keys = ON',
  'PRAGMA user_version = 7',
  '',
  '-- nothing',
];

const insertInTransaction = (
  variant: 'default' | 'immediate' | 'exclusive',
  fail: boolean,
): Step => [
  `transaction(${variant}${fail ? ', throws' : ''})`,
  (db) => {
    const inner = db.transaction((name: string) => {
      db.prepare('INSERT INTO parent (name) VALUES (?)').run(name);
      if (fail) throw new Error('inner');
      return db.inTransaction;
    });
    const outer = db.transaction(() => {
      try {
        return [inner('inner'), db.inTransaction];
      } catch (error) {
        db.prepare("INSERT INTO parent (name) VALUES ('after the inner one')").run();
        return String(error);
      }
    });
    return outer[variant]();
  },
];

const allSteps: readonly Step[] = [
  ...sqlSteps.map((sql): Step => [`exec ${sql}`, (db) => (db.exec(sql), 'done')]),
  ...sqlSteps.map((sql): Step => [`run ${sql}`, (db) => db.prepare(sql).run()]),
  insertInTransaction('default', false),
  insertInTransaction('default', true),
  insertInTransaction('immediate', false),
  insertInTransaction('exclusive', true),
  ['transaction(promise)', (db) => db.transaction(() => Promise.resolve())()],
  [
    'transaction(violates a deferred key)',
    (db) => db.transaction(() => db.exec('INSERT INTO child (parent) VALUES (98)'))() === db,
  ],
  ['transaction(commits itself)', (db) => db.transaction(() => db.exec('COMMIT'))() === db],
  [
    'get RETURNING',
    (db) => db.prepare("INSERT INTO parent (name) VALUES ('r') RETURNING id, name").get(),
  ],
  [
    'all RETURNING, deferred',
    (db) => db.prepare('INSERT INTO child (parent) VALUES (97) RETURNING parent').all(),
  ],
  ['bound', (db) => db.prepare('INSERT INTO parent (name) VALUES (?)').run('bound')],
  ['bound wrongly', (db) => db.prepare('BEGIN').run(1)],
  ['get of BEGIN', (db) => db.prepare('BEGIN').get()],
  ['iterate', (db) => [...db.prepare('SELECT name FROM parent ORDER BY id').iterate()]],
  [
    'break',
    (db) => {
      for (const row of db.prepare('SELECT id FROM parent').iterate()) return row;
      return undefined;
    },
  ],
  [
    'write and read while iterating',
    (db) => {
      const log: unknown[] = [];
      for (const row of db.prepare('SELECT 1 UNION SELECT 2').iterate()) {
        log.push(
          row,
          outcome(() => db.prepare('SELECT count(*) AS n FROM parent').get()),
          outcome(() => db.exec('BEGIN')),
          outcome(() => db.exec('DELETE FROM child')),
        );
      }
      return log;
    },
  ],
  [
    'pluck raw expand',
    (db) => [
      db.prepare('SELECT 1 AS a').pluck().get(),
      db.prepare('SELECT 1 AS a').raw().all(),
      db.prepare('SELECT 1 AS a').expand().get(),
    ],
  ],
  [
    'pragma',
    (db) => [
      db.pragma('user_version', { simple: true }),
      db.pragma('foreign_keys'),
      db.pragma('table_info(parent)'),
    ],
  ],
  [
    'counters',
    (db) => {
      db.exec(
        "DELETE FROM parent; INSERT INTO parent (id, name) VALUES (5, 'counted'), (6, 'twice')",
      );
      return db.prepare('SELECT changes() AS changes, last_insert_rowid() AS id').get();
    },
  ],
  ['prepare two', (db) => db.prepare('BEGIN; COMMIT').run()],
  ['prepare wrongly', (db) => db.prepare(7 as unknown as string).run()],
  ['exec wrongly', (db) => db.exec(undefined as unknown as string)],
  [
    'function',
    (db) =>
      db
        .function('twice', { deterministic: true }, (x: number) => x * 2)
        .prepare('SELECT twice(21) AS n')
        .get(),
  ],
  ['serialized', (db) => db.serialize().length > 0],
  [
    'properties',
    (db) => [db.open, db.readonly, db instanceof Database, db.prepare('SELECT 1').database === db],
  ],
];

function outcome(run: () => unknown): unknown {
  try {
    return { returned: run() };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { name, message, code };
  }
}

/** Everything that can be asked afterwards. */
function observe(db: Handle): Record<string, unknown> {
  const rows = (table: string): unknown =>
    outcome(() => db.prepare(`SELECT * FROM ${table}`).all());
  return {
    inTransaction: db.inTransaction,
    rows: ['parent', 'child', 'strict_child', 'extra', 'sqlite_sequence'].map(rows),
    version: db.pragma('user_version', { simple: true }),
  };
}

/** A small generator of numbers that a seed repeats (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Where the programs run beside the plain handle. */
interface Place {
  /** @returns what gives each test its handle */
  readonly open: (t: TestContext) => (inner: TestContext) => Promise<Handle>;
  /** What of the observation is known to differ. */
  readonly differs?: 'inTransaction';
  /** The step whose error has other words there, for that reason. */
  readonly without?: string;
}

const places: Readonly<Record<string, Place>> = {
  'a copy in memory': {
    open: () => {
      const db = sqlite({ migrate: SCHEMA });
      return (inner) => db.clone(inner);
    },
  },
  memory: {
    open: () => {
      const db = sqlite({ migrate: SCHEMA });
      return (inner) => db.rollback(inner);
    },
  },
  'a file': {
    open: (t) => {
      const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
      return (inner) => db.rollback(inner);
    },
  },
  "an app's own handle": {
    open: ownHandle,
    differs: 'inTransaction',
    without: 'transaction(commits itself)',
  },
};

/** What `rollbackEach` does before and after each test. */
function ownHandle(t: TestContext): (inner: TestContext) => Promise<Handle> {
  const handle = new Database(':memory:');
  handle.exec(SCHEMA);
  const watch = watchHandle(handle, () => new BetterRawHandle(handle));
  t.after(() => {
    watch.restore();
    handle.close();
  });
  return (inner) => {
    const lease = new Lease(() => `test "${inner.name}"`, captureTrace());
    const use = watch.enter(lease);
    inner.after(() => {
      watch.leave(use);
      use.close();
    });
    return Promise.resolve(handle);
  };
}

function compare(
  t: TestContext,
  sandboxed: Handle,
  program: readonly Step[],
  differs: string | undefined,
): void {
  const plain = new Database(':memory:');
  t.after(() => plain.close());
  plain.exec(SCHEMA);
  // SQLite never takes `last_insert_rowid()` back, and a shared handle has served other tests.
  for (const db of [plain, sandboxed]) db.exec('INSERT INTO counted VALUES (1)');
  const said: string[] = [];
  for (const [name, run] of program) {
    said.push(name);
    const [expected, actual] = [plain, sandboxed].map((db) => ({
      step: outcome(() => run(db)),
      then: { ...observe(db), ...(differs && { [differs]: 'may differ' }) },
    }));
    // As JSON: the two handles stand in their own results.
    assert.equal(
      JSON.stringify(actual, undefined, 1),
      JSON.stringify(expected, undefined, 1),
      said.join('\n'),
    );
  }
  if (plain.inTransaction) sandboxed.exec('ROLLBACK');
}

for (const [where, place] of Object.entries(places)) {
  test(`every single step, and every pair of transaction steps, in ${where}`, async (t) => {
    const steps = allSteps.filter(([name]) => name !== place.without);
    const controls = steps.filter(([name]) =>
      /^exec (?:BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|END)\b[^;]*$/.test(name),
    );
    const handleFor = place.open(t);
    for (const second of steps) {
      await runProgram([second], place, handleFor);
      for (const first of controls) await runProgram([first, second], place, handleFor);
    }
  });

  test(`random programs in ${where}`, async (t) => {
    const steps = allSteps.filter(([name]) => name !== place.without);
    const handleFor = place.open(t);
    for (let round = 0; round < 60; round++) {
      const seed = randomInt(2 ** 31);
      const next = numbersFrom(seed);
      const program = Array.from({ length: 25 }, () => steps[next(steps.length)] as Step);
      await runProgram(program, place, handleFor);
    }
  });
}

async function runProgram(
  program: readonly Step[],
  place: Place,
  handleFor: (inner: TestContext) => Promise<Handle>,
): Promise<void> {
  const inner = scriptedTest('a program');
  try {
    compare(inner.t, await handleFor(inner.t), program, place.differs);
  } finally {
    assert.equal(await inner.end(), undefined);
  }
}
