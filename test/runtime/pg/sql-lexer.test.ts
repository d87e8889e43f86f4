/** Where PostgreSQL sees the end of a statement, and what it takes the statement for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { splitStatements, tokensOf } from '../../../runtime/src/pg/sql-lexer.ts';
import { statementsOf, type StatementKind } from '../../../runtime/src/pg/statements.ts';

describe('a text is split where the server splits it', () => {
  const TEXTS: Record<string, readonly string[]> = {
    '': [],
    ' ;; -- nothing\n ; /* ; */': [],
    'SELECT 1': ['SELECT 1'],
    'SELECT 1; SELECT 2;': ['SELECT 1;', 'SELECT 2;'],
    "SELECT ';'; SELECT 'it''s;'": ["SELECT ';';", "SELECT 'it''s;'"],
    "SELECT 'no escape \\'; SELECT 2": ["SELECT 'no escape \\';", 'SELECT 2'],
    "SELECT E'escaped \\'; still'; SELECT 2": ["SELECT E'escaped \\'; still';", 'SELECT 2'],
    "SELECT e'a'\n'b\\'; still'; SELECT 2": ["SELECT e'a'\n'b\\'; still';", 'SELECT 2'],
    "SELECT 'a' -- comment\n 'b;'; SELECT 2": ["SELECT 'a' -- comment\n 'b;';", 'SELECT 2'],
    "SELECT U&'\\0061;' UESCAPE '!'; SELECT 2": ["SELECT U&'\\0061;' UESCAPE '!';", 'SELECT 2'],
    "SELECT B'01;', X'1F;', N'n;'; SELECT 2": ["SELECT B'01;', X'1F;', N'n;';", 'SELECT 2'],
    'SELECT 1 AS "a;""b"; SELECT 2': ['SELECT 1 AS "a;""b";', 'SELECT 2'],
    'SELECT 1 AS U&"a;b"; SELECT 2': ['SELECT 1 AS U&"a;b";', 'SELECT 2'],
    'SELECT $$;$$; SELECT $a$ $$ ; $b$ $a$': ['SELECT $$;$$;', 'SELECT $a$ $$ ; $b$ $a$'],
    'SELECT a$$b; SELECT $1; SELECT $1$2': ['SELECT a$$b;', 'SELECT $1;', 'SELECT $1$2'],
    'SELECT /* a /* nested ; */ ; */ 1; SELECT 2': [
      'SELECT /* a /* nested ; */ ; */ 1;',
      'SELECT 2',
    ],
    'SELECT 1 -- ; \r; SELECT 2': ['SELECT 1 -- ; \r;', 'SELECT 2'],
    // Taken apart in every possible way, dashes behind a literal would take for ever.
    [`SELECT 'a' ${'-- '.repeat(500)}`]: [`SELECT 'a' ${'-- '.repeat(500)}`],
    'SELECT 4 --1;\n, 5; SELECT 2': ['SELECT 4 --1;\n, 5;', 'SELECT 2'],
    'SELECT 4 */* ; */ 5; SELECT 2': ['SELECT 4 */* ; */ 5;', 'SELECT 2'],
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3': [
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);',
      'SELECT 3',
    ],
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 3':
      [
        'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END;',
        'SELECT 3',
      ],
    'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END; SELECT 3': [
      'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END;',
      'SELECT 3',
    ],
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN b END END; RETURN 2; END; SELECT 3':
      [
        'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN b END END; RETURN 2; END;',
        'SELECT 3',
      ],
    'BEGIN; SELECT 1; END': ['BEGIN;', 'SELECT 1;', 'END'],
    "SELECT 'never closed; SELECT 2": ["SELECT 'never closed; SELECT 2"],
    'SELECT 1 /* never closed; SELECT 2': ['SELECT 1 /* never closed; SELECT 2'],
    'SELECT $x$ never closed; $y$ SELECT 2': ['SELECT $x$ never closed; $y$ SELECT 2'],
    'SELECT 1); SELECT 2': ['SELECT 1);', 'SELECT 2'],
  };
  for (const [text, expected] of Object.entries(TEXTS)) {
    test(JSON.stringify(text), () => {
      assert.deepEqual(
        splitStatements(text).map(({ start, end }) => text.slice(start, end)),
        expected,
      );
    });
  }
});

describe('tokens', () => {
  const noise = fc.constantFrom(' ', '\n', '\t', '-- c\n', '/* c */', '/* a /* b */ ; */');
  const token = fc.oneof(
    fc.constantFrom(
      'select',
      'Begin',
      'x1',
      'é',
      'a$b',
      '1',
      '1.5',
      '$1',
      '(',
      ')',
      '+',
      '::',
      ',',
      '.',
      '=',
      '[',
      ']',
    ),
    fc.string({ maxLength: 8 }).map((text) => `'${text.replaceAll("'", "''")}'`),
    fc.string({ maxLength: 8 }).map((text) => `E'${text.replace(/['\\]/g, '\\$&')}'`),
    fc.string({ maxLength: 8 }).map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.string({ maxLength: 8 }).map((text) => `$q$${text.replaceAll('$', '')}$q$`),
  );

  test('cover the whole text but blanks and comments, in order', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('ab\'"$;-*/ \n\\E(1)&uU')) }),
        (text) => {
          let at = 0;
          for (const { start, end } of tokensOf(text)) {
            assert.ok(start >= at && end > start && end <= text.length);
            at = end;
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('are the same whatever stands between them', () => {
    const spaced = fc.array(fc.tuple(token, fc.array(noise, { minLength: 1, maxLength: 3 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(spaced, (parts) => {
        const values = (text: string) =>
          [...tokensOf(text)].map(({ kind, value }) => [kind, value]);
        // A line break would join two literals into one, as the server does.
        const apart = parts.map(([text]) => `${text} , `).join('');
        const noisy = parts.map(([text, blanks]) => `${text}${blanks.join('')}, `).join('');
        assert.deepEqual(values(noisy), values(apart));
      }),
    );
  });

  test('a statement that holds no semicolon of its own is never split', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(token, { minLength: 1, maxLength: 5 }), { maxLength: 5 }),
        (statements) => {
          const balanced = statements
            .map((tokens) => tokens.filter((text) => text !== '(' && text !== ')'))
            .filter((tokens) => tokens.length > 0);
          const text = balanced.map((tokens) => `${tokens.join(' ')} ;`).join(' ');
          assert.equal(splitStatements(text).length, balanced.length);
        },
      ),
    );
  });
});

describe('what a statement is', () => {
  const KINDS: readonly (readonly [string, StatementKind])[] = [
    ['BEGIN', { kind: 'begin', word: 'BEGIN', modes: [] }],
    ['begin work', { kind: 'begin', word: 'BEGIN', modes: [] }],
    ['/* x */ Begin -- y\n Transaction', { kind: 'begin', word: 'BEGIN', modes: [] }],
    ['START TRANSACTION', { kind: 'begin', word: 'START TRANSACTION', modes: [] }],
    [
      'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY NOT DEFERRABLE',
      {
        kind: 'begin',
        word: 'BEGIN',
        modes: [{ isolation: 'repeatable read' }, { readOnly: true }, { deferrable: false }],
      },
    ],
    ['BEGIN READ', { kind: 'ordinary' }],
    ['BEGIN "work"', { kind: 'ordinary' }],
    ['BEGINNING', { kind: 'ordinary' }],
    ['START', { kind: 'ordinary' }],
    ['COMMIT', { kind: 'commit', chain: false }],
    ['END TRANSACTION', { kind: 'commit', chain: false }],
    ['COMMIT WORK AND CHAIN', { kind: 'commit', chain: true }],
    ['COMMIT AND NO CHAIN', { kind: 'commit', chain: false }],
    ['COMMIT now', { kind: 'ordinary' }],
    ['ROLLBACK', { kind: 'rollback', chain: false }],
    ['ABORT AND CHAIN', { kind: 'rollback', chain: true }],
    ['ROLLBACK TO x', { kind: 'rollback to', name: 'x' }],
    ['ROLLBACK TRANSACTION TO SAVEPOINT "X"', { kind: 'rollback to', name: 'X' }],
    ['ABORT TO x', { kind: 'ordinary' }],
    ['SAVEPOINT Mixed', { kind: 'savepoint', name: 'mixed' }],
    ['SAVEPOINT', { kind: 'ordinary' }],
    ['RELEASE x', { kind: 'release', name: 'x' }],
    ['RELEASE SAVEPOINT x', { kind: 'release', name: 'x' }],
    ['RELEASE savepoint', { kind: 'release', name: 'savepoint' }],
    ['ROLLBACK TO savepoint', { kind: 'rollback to', name: 'savepoint' }],
    ['SAVEPOINT U&"d\\0061t\\\\"', { kind: 'savepoint', name: 'dat\\' }],
    [`SAVEPOINT U&"d!0061t" /* c */ UESCAPE '!'`, { kind: 'savepoint', name: 'dat' }],
    ['COMMIT /* never closed', { kind: 'ordinary' }],
    ['COMMIT "never closed', { kind: 'ordinary' }],
    ["PREPARE TRANSACTION 'x'", { kind: 'prepare transaction' }],
    ["PREPARE TRANSACTION U&'x' UESCAPE '!'", { kind: 'prepare transaction' }],
    ["PREPARE TRANSACTION X'1f'", { kind: 'ordinary' }],
    ["PREPARE TRANSACTION N'x'", { kind: 'ordinary' }],
    ["PREPARE TRANSACTION 'x", { kind: 'ordinary' }],
    ['PREPARE x AS SELECT 1', { kind: 'ordinary' }],
    ["COMMIT PREPARED 'x'", { kind: 'non-transactional', command: 'COMMIT PREPARED' }],
    ["ROLLBACK PREPARED 'x'", { kind: 'non-transactional', command: 'ROLLBACK PREPARED' }],
    [
      'SET TRANSACTION READ WRITE',
      { kind: 'set transaction', modes: [{ readOnly: false }], said: 'transaction' },
    ],
    [
      'SET LOCAL TRANSACTION READ ONLY',
      { kind: 'set transaction', modes: [{ readOnly: true }], said: 'transaction' },
    ],
    [
      'SET transaction_read_only = on',
      { kind: 'set transaction', modes: [{ readOnly: true }], said: 'session' },
    ],
    [
      "SET LOCAL transaction_isolation TO 'serializable'",
      { kind: 'set transaction', modes: [{ isolation: 'serializable' }], said: 'local' },
    ],
    [
      'SET transaction_read_only = maybe',
      { kind: 'set session', parameter: 'transaction_read_only' },
    ],
    ["SET TRANSACTION SNAPSHOT 'x'", { kind: 'set snapshot' }],
    ['SET CONSTRAINTS ALL DEFERRED', { kind: 'set constraints' }],
    ['SET LOCAL app.user = 1', { kind: 'set local', parameter: 'app.user' }],
    ['SET LOCAL TIME ZONE 3', { kind: 'set local', parameter: 'timezone' }],
    ['SET SESSION search_path TO x', { kind: 'set session', parameter: 'search_path' }],
    ['SET local = 1', { kind: 'set session', parameter: 'local' }],
    ['SET LOCAL session TO 1', { kind: 'set local', parameter: 'session' }],
    ['SET constraints = 1', { kind: 'set session', parameter: 'constraints' }],
    ['SET XML OPTION DOCUMENT', { kind: 'set session', parameter: 'xmloption' }],
    ['SET SESSION AUTHORIZATION x', { kind: 'set session', parameter: 'session_authorization' }],
    [
      'SET LOCAL SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
      { kind: 'set local', parameter: 'default_transaction_isolation' },
    ],
    [
      'RESET TRANSACTION ISOLATION LEVEL',
      { kind: 'set session', parameter: 'transaction_isolation' },
    ],
    ["SET TRANSACTION SNAPSHOT 'x' 'y'", { kind: 'ordinary' }],
    ['SHOW TRANSACTION ISOLATION LEVEL', { kind: 'show mode', mode: 'isolation' }],
    ['SHOW transaction_read_only', { kind: 'show mode', mode: 'readOnly' }],
    ['SHOW "TRANSACTION_DEFERRABLE"', { kind: 'show mode', mode: 'deferrable' }],
    ['SHOW transaction_isolation.x', { kind: 'ordinary' }],
    ['RESET names', { kind: 'set session', parameter: 'names' }],
    ['RESET ALL', { kind: 'set session', parameter: undefined }],
    ['LOCK TABLE users', { kind: 'block only', command: 'LOCK TABLE' }],
    [
      'DECLARE c BINARY NO SCROLL CURSOR FOR SELECT 1',
      { kind: 'block only', command: 'DECLARE CURSOR', cursor: 'c' },
    ],
    ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', { kind: 'ordinary' }],
    [
      'DECLARE c SCROLL INSENSITIVE BINARY CURSOR FOR SELECT 1',
      { kind: 'block only', command: 'DECLARE CURSOR', cursor: 'c' },
    ],
    ['ALTER DATABASE tablespace RENAME TO x', { kind: 'ordinary' }],
    [
      'ALTER DATABASE x WITH CONNECTION LIMIT -1 TABLESPACE y',
      { kind: 'non-transactional', command: 'ALTER DATABASE SET TABLESPACE' },
    ],
    ['VACUUM users', { kind: 'non-transactional', command: 'VACUUM' }],
    ['create database x', { kind: 'non-transactional', command: 'CREATE DATABASE' }],
    [
      'CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)',
      { kind: 'non-transactional', command: 'CREATE INDEX CONCURRENTLY' },
    ],
    ['CREATE INDEX "concurrently" ON t (x)', { kind: 'ordinary' }],
    ['CLUSTER (VERBOSE)', { kind: 'non-transactional', command: 'CLUSTER' }],
    ['CLUSTER users', { kind: 'ordinary' }],
    [
      'REINDEX (VERBOSE, CONCURRENTLY) TABLE t',
      { kind: 'non-transactional', command: 'REINDEX CONCURRENTLY' },
    ],
    [
      'REINDEX TABLE CONCURRENTLY t',
      { kind: 'non-transactional', command: 'REINDEX CONCURRENTLY' },
    ],
    ['REINDEX TABLE t', { kind: 'ordinary' }],
    ['REINDEX DATABASE x', { kind: 'non-transactional', command: 'REINDEX DATABASE' }],
    ['DISCARD ALL', { kind: 'non-transactional', command: 'DISCARD ALL' }],
    ['DISCARD TEMP', { kind: 'ordinary' }],
    ["ALTER SYSTEM SET x = '1'", { kind: 'non-transactional', command: 'ALTER SYSTEM' }],
    ["SELECT 'BEGIN'", { kind: 'ordinary' }],
    ['ANALYZE', { kind: 'ordinary' }],
  ];
  for (const [sql, expected] of KINDS) {
    test(sql, () => {
      const [statement] = statementsOf(sql);
      assert.ok(statement);
      const { fragment: _, mentions: __, ...kind } = statement;
      assert.deepEqual(kind, expected);
    });
  }
});
