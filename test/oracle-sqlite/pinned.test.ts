/** Programs that long runs of the oracle ended with, made smaller: each failed once. */
import { test } from 'node:test';
import { DRIVERS } from '../runtime/sqlite/drivers.ts';
import type { Program, Step } from './program.ts';
import { PLACES, Twins } from './twins.ts';

const exec = (...statements: readonly string[]): Program =>
  statements.map((sql) => ({ is: 'sql', sql, way: 'exec' }));

const ORPHAN = 'INSERT INTO child (parent) VALUES (99)';
const CLASH = "INSERT OR ROLLBACK INTO parent (name) VALUES ('x'), ('x')";

const rowByRow = (sql: string): Step => ({ is: 'sql', sql, way: 'iterate' });

/** Run one after another where the first has left everything as it was. */
const PINNED: Readonly<Record<string, readonly Program[]>> = {
  'keys that were broken are forgiven': [
    exec(`SAVEPOINT a; ${ORPHAN}`, 'RELEASE a', 'PRAGMA defer_foreign_keys = OFF', 'RELEASE a'),
  ],
  'a database is detached in a transaction that never touched it': [
    exec("ATTACH ':memory:' AS aux", 'BEGIN', 'DETACH aux'),
  ],
  'a database is attached in a sandbox that is lost': [
    exec("ATTACH ':memory:' AS aux", "INSERT INTO parent (name) VALUES ('y')", CLASH),
    exec('SELECT 1'),
  ],
  'rows are being read when the sandbox is lost': [
    [{ is: 'amid', rows: 'SELECT id FROM parent', sql: CLASH }],
    exec('DROP TABLE child'),
  ],
  'a COMMIT that keys refuse is left unfinished': [
    [...exec('SAVEPOINT a', ORPHAN), rowByRow('COMMIT'), ...exec('DROP TABLE child', 'ROLLBACK')],
    exec('DROP TABLE child'),
  ],
};

for (const driver of DRIVERS)
  for (const place of PLACES)
    for (const [what, programs] of Object.entries(PINNED))
      test(`${driver.name}, ${place}: ${what}`, async () => {
        const twins = new Twins(driver, place);
        try {
          for (const program of programs) await twins.compare(program);
        } finally {
          twins.end();
        }
      });
