import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { statementsOf } from '../../../runtime/src/sqlite/sql-reader.ts';
import { kindOf, type StatementKind } from '../../../runtime/src/sqlite/statement-kind.ts';

const texts = (sql: string): string[] => statementsOf(sql).map(({ text }) => text);

const splits: readonly [string, readonly string[]][] = [
  ['', []],
  [' ;; -- nothing\n /* ; */ ;', []],
  ['select 1', ['select 1']],
  ['select 1; select 2', ['select 1;', 'select 2']],
  ["select ';'; select 2", ["select ';';", 'select 2']],
  ["select ''';'; x", ["select ''';';", 'x']],
  ['select ";"";"; x', ['select ";"";";', 'x']],
  ['select `;``;`; x', ['select `;``;`;', 'x']],
  ['select [;]; x', ['select [;];', 'x']],
  ['select [a"b;]; x', ['select [a"b;];', 'x']],
  ['select 1 -- ; \n; x', ['select 1 -- ; \n;', 'x']],
  ['select /* ; /* */ 1; x', ['select /* ; /* */ 1;', 'x']],
  ['select 1 /* ; not closed', ['select 1 /* ; not closed']],
  ["select x';'; x", ["select x';';", 'x']],
  ['select :a, @b, $c, ?1; x', ['select :a, @b, $c, ?1;', 'x']],
  [
    'create trigger t after insert on a begin update b set x = 1; delete from c; end; commit',
    ['create trigger t after insert on a begin update b set x = 1; delete from c; end;', 'commit'],
  ],
  [
    'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END; COMMIT',
    [
      'CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END;',
      'COMMIT',
    ],
  ],
  [
    'create /* a */ temporary -- b\n trigger t after insert on a begin select 1; end /* c */ ; x',
    [
      'create /* a */ temporary -- b\n trigger t after insert on a begin select 1; end /* c */ ;',
      'x',
    ],
  ],
  [
    'explain query plan create trigger t after insert on a begin select 1; end; x',
    ['explain query plan create trigger t after insert on a begin select 1; end;', 'x'],
  ],
  ['create table trigger_log (a); x', ['create table trigger_log (a);', 'x']],
];

for (const [sql, expected] of splits) {
  test(`splits ${JSON.stringify(sql)}`, () => {
    assert.deepEqual(texts(sql), expected);
  });
}

test('SQLite itself agrees on what is one statement', (t) => {
  const db = new Database(':memory:');
  t.after(() => db.close());
  db.exec('create table a (x); create table b (x); create table c (x)');
  const one = (sql: string): boolean => {
    try {
      db.prepare(sql);
      return true;
    } catch (error) {
      if (error instanceof RangeError && /more than one statement/.test(error.message))
        return false;
      throw error;
    }
  };
  const pieces = [
    "select ';'''",
    'select ";"";" from (select 1 as ";"";")',
    'select [;] from (select 1 as [;])',
    'select `;``` from (select 1 as `;```)',
    'select 1 -- ;\n',
    'select /* ; */ 1',
    "select x'3b'",
    'select :a, $b, ?5, @d',
    'begin',
    'end transaction',
    'create trigger t1 after insert on a begin update b set x = case 1 when 1 then 2 end; delete from c; end',
    'create temp trigger t2 after insert on a begin select 1; select ";"; end -- ;',
  ];
  for (const piece of pieces) {
    assert.equal(statementsOf(piece).length, 1, piece);
    assert.equal(one(piece), true, piece);
    for (const after of pieces) {
      const both = `${piece}\n;${after}`;
      assert.equal(statementsOf(both).length, 2, both);
      assert.equal(one(both), false, both);
    }
  }
});

const kinds: readonly [string, StatementKind][] = [
  ['BEGIN', { is: 'begin' }],
  ['/* x */ begin immediate transaction', { is: 'begin' }],
  ['-- x\nBegin Exclusive;', { is: 'begin' }],
  [';; begin', { is: 'begin' }],
  ['COMMIT', { is: 'commit' }],
  ['end transaction', { is: 'commit' }],
  ['ROLLBACK', { is: 'rollback' }],
  ['rollback transaction', { is: 'rollback' }],
  ['rollback to a', { is: 'rollback-to', name: 'a' }],
  ['ROLLBACK TRANSACTION TO SAVEPOINT "A b"', { is: 'rollback-to', name: 'A b' }],
  ["rollback to 'a'", { is: 'rollback-to', name: 'a' }],
  ['SAVEPOINT `\t_bs3.\t`', { is: 'savepoint', name: '\t_bs3.\t' }],
  ['savepoint savepoint', { is: 'savepoint', name: 'savepoint' }],
  ['release savepoint', { is: 'release', name: 'savepoint' }],
  ['release savepoint [x]', { is: 'release', name: 'x' }],
  ['RELEASE x', { is: 'release', name: 'x' }],
  ['PRAGMA foreign_keys', { is: 'pragma', name: 'foreign_keys', value: undefined }],
  ['pragma Main.Journal_Mode = WAL', { is: 'pragma', name: 'journal_mode', value: 'wal' }],
  ['pragma journal_mode(wal);', { is: 'pragma', name: 'journal_mode', value: 'wal' }],
  ['pragma cache_size = -2000', { is: 'pragma', name: 'cache_size', value: '-2000' }],
  ['VACUUM', { is: 'vacuum' }],
  ["vacuum into 'x'", { is: 'vacuum' }],
  ['explain commit', { is: 'other' }],
  ['"commit"', { is: 'other' }],
  ["select 'commit'", { is: 'other' }],
  ['insert into t values (1)', { is: 'other' }],
  ['', { is: 'other' }],
];

for (const [sql, kind] of kinds) {
  test(`reads ${JSON.stringify(sql)}`, () => {
    assert.deepEqual(kindOf(sql), kind);
  });
}
