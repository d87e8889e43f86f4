/** What the linter takes from the leading words of an SQL text. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changesSchema,
  emptiesTable,
  isBegin,
  isEnd,
  isRollback,
  isRollbackTo,
  isSavepoint,
  shortened,
  statementsOf,
} from '../../../eslint-plugin/src/model/sql-text.ts';

describe('statements', () => {
  const cases: Record<string, string[]> = {
    '': [],
    ' ; ;\n': [],
    'SELECT  1': ['select 1'],
    'begin; insert into a values (1);\ncommit;': ['begin', 'insert into a values (1)', 'commit'],
    '-- begin; commit\nselect 1 -- truncate a': ['select 1'],
    '/* begin; */ select /* ; */ 1': ['select 1'],
    "select 'it''s; drop table a'": ["select ''"],
    'select ";" from "A b"': ['select ";" from "a b"'],
    'do $$ begin; end $$; select 1': ["do ''", 'select 1'],
    'do $body$ begin $$ ; $$ end $body$': ["do ''"],
    "select 'never closed; truncate a": ["select ''"],
    '/* never closed; truncate a': [],
    'select $1, $2; select 2': ['select $1, $2', 'select 2'],
  };
  for (const [text, expected] of Object.entries(cases)) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(statementsOf(text), expected);
    });
  }
});

describe('what a statement does', () => {
  const questions = {
    begins: isBegin,
    ends: isEnd,
    'rolls back': isRollback,
    'rolls back to a savepoint': isRollbackTo,
    'sets a savepoint': isSavepoint,
    'changes the schema': changesSchema,
    'empties a table': emptiesTable,
  };
  const cases: Record<string, (keyof typeof questions)[]> = {
    'BEGIN ISOLATION LEVEL SERIALIZABLE': ['begins'],
    'start transaction read only': ['begins'],
    beginning: [],
    commit: ['ends'],
    'end work': ['ends'],
    'commit and chain': ['ends'],
    "prepare transaction 'a'": ['ends'],
    rollback: ['ends', 'rolls back'],
    abort: ['ends', 'rolls back'],
    'rollback to a': ['rolls back to a savepoint'],
    'ROLLBACK WORK TO SAVEPOINT a': ['rolls back to a savepoint'],
    'savepoint a': ['sets a savepoint'],
    'release savepoint a': [],
    'create table a (b int)': ['changes the schema'],
    'create unique index a on b (c)': ['changes the schema'],
    'CREATE OR REPLACE FUNCTION a() returns int': ['changes the schema'],
    'alter type a add value': ['changes the schema'],
    'drop schema a cascade': ['changes the schema'],
    'create temp table a (b int)': [],
    'create table pg_temp.a (b int)': [],
    'truncate a, b restart identity cascade': ['empties a table'],
    'delete from a': ['empties a table'],
    'DELETE FROM ONLY "a" WHERE TRUE': ['empties a table'],
    'delete from a where (1 = 1) returning *': ['empties a table'],
    'delete from a where b': [],
    'delete from a using b': [],
    'delete from': [],
    'update a set b = 1': [],
    'select truncate(1.5)': [],
  };
  for (const [text, expected] of Object.entries(cases)) {
    test(`${text}: ${expected.join(', ') || 'nothing of this'}`, () => {
      const [statement = ''] = statementsOf(text);
      const answers = Object.entries(questions).filter(([, question]) => question(statement));
      assert.deepEqual(
        answers.map(([name]) => name),
        expected,
      );
    });
  }
});

test('a message shows a text on one line, and not all of a long one', () => {
  assert.equal(shortened('\n  select 1,\n  2 '), 'select 1, 2');
  assert.equal(shortened(`truncate ${'a, '.repeat(50)}b`).length, 60);
});

test('a long text that closes nothing is read once', () => {
  const text = `${"'".repeat(49_999)}${'/*'.repeat(25_000)}${'$a$'.repeat(20_000)}`;
  assert.ok(statementsOf(text).length <= 1);
});
