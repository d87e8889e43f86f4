/** What an app does with a handle of better-sqlite3 beyond sending statements, by names that show in a failure. */
import Database from 'better-sqlite3';
import { outcome, type AnyHandle } from '../runtime/sqlite/drivers.ts';

type Handle = Database.Database;

const CALLS = {
  'a transaction in another': (db: Handle) => nested(db, 'default', false),
  'a transaction in another that throws': (db: Handle) => nested(db, 'default', true),
  'an immediate transaction': (db: Handle) => nested(db, 'immediate', false),
  'an exclusive transaction that throws': (db: Handle) => nested(db, 'exclusive', true),
  'an asynchronous transaction': (db: Handle) => db.transaction(() => Promise.resolve())(),
  'a transaction that breaks a deferred key': (db: Handle) =>
    db.transaction(() => db.exec('INSERT INTO child (parent) VALUES (98)'))() === db,
  'a transaction that commits itself': (db: Handle) =>
    db.transaction(() => db.exec('COMMIT'))() === db,
  'a value bound': (db: Handle) => db.prepare('INSERT INTO parent (name) VALUES (?)').run('bound'),
  'a value bound to nothing': (db: Handle) => db.prepare('BEGIN').run(1),
  'rows left': (db: Handle) => {
    for (const row of db.prepare('SELECT id FROM parent').iterate()) return row;
    return undefined;
  },
  'reading and writing amid rows': (db: Handle) => {
    const seen: unknown[] = [];
    for (const row of db.prepare('SELECT 1 UNION SELECT 2').iterate())
      seen.push(
        row,
        outcome(() => db.prepare('SELECT count(*) AS n FROM parent').get()),
        outcome(() => db.exec('BEGIN')),
        outcome(() => db.exec('DELETE FROM child')),
      );
    return seen;
  },
  'rows in other shapes': (db: Handle) => [
    db.prepare('SELECT 1 AS a').pluck().get(),
    db.prepare('SELECT 1 AS a').raw().all(),
    db.prepare('SELECT 1 AS a').expand().get(),
  ],
  'pragmas asked': (db: Handle) => [
    db.pragma('user_version', { simple: true }),
    db.pragma('foreign_keys'),
    db.pragma('table_info(parent)'),
  ],
  'changes counted': (db: Handle) => {
    db.exec("DELETE FROM parent; INSERT INTO parent (id, name) VALUES (5, 'one'), (6, 'two')");
    return db.prepare('SELECT changes() AS changes, last_insert_rowid() AS id').get();
  },
  'two statements prepared': (db: Handle) => db.prepare('BEGIN; COMMIT').run(),
  'no text prepared': (db: Handle) => db.prepare(7 as unknown as string).run(),
  'no text sent': (db: Handle) => db.exec(undefined as unknown as string),
  'a function of its own': (db: Handle) =>
    db
      .function('twice', { deterministic: true }, (x: number) => x * 2)
      .prepare('SELECT twice(21) AS n')
      .get(),
  'the database serialized': (db: Handle) => db.serialize().length > 0,
  'what the handle says of itself': (db: Handle) => [
    db.open,
    db.readonly,
    db instanceof Database,
    db.prepare('SELECT 1').database === db,
  ],
};

export type CallName = keyof typeof CALLS;
export const CALL_NAMES = Object.keys(CALLS) as readonly CallName[];

export function call(name: CallName, db: AnyHandle): unknown {
  return CALLS[name](db as unknown as Handle);
}

function nested(db: Handle, variant: 'default' | 'immediate' | 'exclusive', fails: boolean) {
  const inner = db.transaction((name: string) => {
    db.prepare('INSERT INTO parent (name) VALUES (?)').run(name);
    if (fails) throw new Error('inner');
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
}
