/** Programs that nobody thought of: what the app sees in a sandbox is what it sees on the server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitStatements } from '../../../runtime/src/pg/sql-lexer.ts';
import { Twins, type Step } from './support/twins.ts';

const CONTROL = ['BEGIN', 'COMMIT', 'ROLLBACK', 'END', 'COMMIT AND CHAIN', 'ROLLBACK AND CHAIN'];
// Apart: AND CHAIN does not hand on what BEGIN READ ONLY changed inside of a savepoint, in the server only.
const SAVEPOINTS = ['SAVEPOINT s', 'SAVEPOINT r', 'ROLLBACK TO s', 'RELEASE s', 'ROLLBACK TO r'];
const READ_ONLY = ['START TRANSACTION READ ONLY', 'SET TRANSACTION READ ONLY'];
const ORDINARY = [
  'INSERT INTO users VALUES (1, $$Ada$$)',
  'INSERT INTO users VALUES (2, $$Grace$$)',
  'DELETE FROM users',
  'SELECT id, name FROM users ORDER BY id',
  'INSERT INTO posts (id, author) VALUES (1, 1)',
  'INSERT INTO posts (id, editor) VALUES (2, 2)',
  'DELETE FROM posts',
  'SELECT line FROM log ORDER BY line',
  'SET CONSTRAINTS ALL DEFERRED',
  'SET CONSTRAINTS ALL IMMEDIATE',
  'SET LOCAL work_mem = 1111',
  'SHOW work_mem',
  "SELECT set_config('app.user', 'ada', true)",
  "SELECT set_config('app.user', 'grace', false)",
  "SELECT coalesce(current_setting('app.user', true), '')",
  'SET work_mem = 2222',
  'RESET work_mem',
  'DECLARE c CURSOR FOR SELECT generate_series(1, 3) AS n',
  'FETCH c',
  'CLOSE c',
  'CREATE TEMP TABLE scratch (n int) ON COMMIT DROP',
  'CREATE TEMP TABLE IF NOT EXISTS kept (n int) ON COMMIT DELETE ROWS',
  'INSERT INTO kept VALUES (1)',
  'TABLE kept',
  'TABLE scratch',
  'SELEKT',
  'SELECT 1 / 0',
];

/** Left behind by one program, it would be there for the next. */
const CLEAN: readonly Step[] = [
  'ROLLBACK',
  'DELETE FROM posts; DELETE FROM users; DELETE FROM log',
  'DROP TABLE IF EXISTS kept',
  'RESET work_mem',
  "SELECT set_config('app.user', '', false)",
];

function programsWith(control: readonly string[]) {
  const statement = fc.oneof(
    { arbitrary: fc.constantFrom(...CONTROL, ...control), weight: 3 },
    { arbitrary: fc.constantFrom(...ORDINARY), weight: 4 },
  );
  const several = fc
    .array(statement, { minLength: 2, maxLength: 4 })
    .map((statements) => statements.join('; '));
  const text = fc.oneof({ arbitrary: statement, weight: 5 }, { arbitrary: several, weight: 1 });
  return fc.array(text, { minLength: 1, maxLength: 14 });
}

for (const [what, control] of Object.entries({
  savepoints: SAVEPOINTS,
  'read-only transactions': READ_ONLY,
})) {
  test(`random programs with ${what} see the same for real and in a sandbox`, async (t) => {
    const twins = await Twins.open(t);
    await fc.assert(
      fc.asyncProperty(programsWith(control), async (program) => {
        await twins.agreeOn([...program, ...CLEAN]);
      }),
      { numRuns: 100 },
    );
  });
}

test('a random text has as many statements as the server finds in it', async (t) => {
  const twins = await Twins.open(t);
  const blank = fc.constantFrom(' ', '\n', ' -- ; \n', " /* ; /* ' */ */ ");
  const printable = fc.string({
    unit: fc.constantFrom(...Array.from('ab\'";$-/*\\() é🦊')),
    maxLength: 6,
  });
  const literal = fc.oneof(
    printable.map((said) => `'${said.replaceAll("'", "''")}'`),
    printable.map((said) => `E'${said.replace(/['\\]/g, '\\$&')}'`),
    printable.map((said) => `$tag$${said}$tag$`),
    printable.map((said) => `(1) AS "${said.replaceAll('"', '""')}x"`),
  );
  const select = fc
    .tuple(blank, literal, blank, literal)
    .map(([a, one, b, two]) => `SELECT${a}${one}${b},${two}`);
  await fc.assert(
    fc.asyncProperty(
      fc.array(select, { minLength: 1, maxLength: 4 }),
      fc.array(blank, { minLength: 1, maxLength: 1 }),
      async (selects, [end]) => {
        const sql = selects.join(`;${end ?? ''}`);
        const results = (await twins.real.query(sql)) as unknown;
        assert.equal(splitStatements(sql).length, [results].flat().length);
      },
    ),
    { numRuns: 300 },
  );
});
