import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferralsOf } from '../../../runtime/src/sqlite/deferring-schema.ts';
import { DRIVERS, rowsOf } from './drivers.ts';

/** Columns `a` to `z` that refer to `p`, each in its own way. */
const tables: readonly string[] = [
  'CREATE TABLE c (a REFERENCES p)',
  'CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)',
  'create table c (a references p deferrable initially deferred, b references p)',
  'CREATE TABLE c (a REFERENCES p, b REFERENCES p DEFERRABLE INITIALLY DEFERRED, d REFERENCES p)',
  'CREATE TABLE c (a REFERENCES p DEFERRABLE, b REFERENCES p DEFERRABLE INITIALLY IMMEDIATE)',
  'CREATE TABLE c (a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED, b REFERENCES p NOT DEFERRABLE)',
  'CREATE TABLE c (a REFERENCES p DEFAULT NULL DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE c (a REFERENCES p DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE)',
  'CREATE TABLE c (a REFERENCES p ON DELETE CASCADE ON UPDATE NO ACTION MATCH FULL DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE c (a /* REFERENCES p */ REFERENCES p -- DEFERRABLE INITIALLY DEFERRED\n, b REFERENCES p)',
  "CREATE TABLE c (a DEFAULT 'REFERENCES DEFERRABLE INITIALLY DEFERRED', b REFERENCES p)",
  'CREATE TABLE c ("references" REFERENCES p, "deferrable" REFERENCES p, initially REFERENCES p)',
  'CREATE TABLE c (a, b, FOREIGN KEY (a) REFERENCES p DEFERRABLE INITIALLY DEFERRED, FOREIGN KEY (b) REFERENCES p)',
  'CREATE TABLE c (a, b REFERENCES p, CONSTRAINT k FOREIGN KEY (a) REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)',
];

for (const driver of DRIVERS)
  for (const table of tables)
    test(`${driver.name} defers the keys of ${table}`, (t) => {
      const db = driver.open(':memory:');
      t.after(() => db.close());
      db.exec('PRAGMA foreign_keys = ON; CREATE TABLE p (id INTEGER PRIMARY KEY)');
      db.exec(table);
      const keys = rowsOf(db, 'SELECT "from" FROM pragma_foreign_key_list(\'c\') ORDER BY id');
      const deferrals = keys.map((key) => {
        db.exec('BEGIN');
        try {
          db.exec(`INSERT INTO c ("${(key as { from: string }).from}") VALUES (1)`);
          return true;
        } catch {
          return false;
        } finally {
          db.exec('ROLLBACK');
        }
      });
      assert.deepEqual(deferralsOf(table), deferrals);
    });

test('a table that was given a key later', (t) => {
  for (const driver of DRIVERS) {
    const db = driver.open(':memory:');
    t.after(() => db.close());
    db.exec(`CREATE TABLE c (a, FOREIGN KEY (a) REFERENCES c DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE c ADD COLUMN b REFERENCES c; ALTER TABLE c RENAME COLUMN a TO z`);
    const [row] = rowsOf(db, "SELECT sql FROM sqlite_schema WHERE name = 'c'");
    const keys = rowsOf(db, 'SELECT "from" FROM pragma_foreign_key_list(\'c\') ORDER BY id');
    const froms = keys.map((key) => (key as { from: string }).from);
    const deferrals = deferralsOf((row as { sql: string }).sql);
    assert.equal(deferrals[froms.indexOf('z')], true);
    assert.equal(deferrals[froms.indexOf('b')], false);
  }
});
