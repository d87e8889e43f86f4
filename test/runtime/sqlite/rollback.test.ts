import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import { HazardError } from '../../../runtime/src/hazard-error.ts';
import { chdir, tempDir } from '../../../runtime/src/process/index.ts';
import {
  sqlite,
  type SqliteDatabase,
  type SqliteOptions,
} from '../../../runtime/src/sqlite/index.ts';
import { BetterRawHandle } from '../../../runtime/src/sqlite/better-sqlite3.ts';
import { Lease } from '../../../runtime/src/sqlite/lease.ts';
import { watchHandle } from '../../../runtime/src/sqlite/watched-handle.ts';
import { captureTrace } from '../../../runtime/src/trace.ts';
import { passScripted, runScripted, scriptedTest } from '../support/scripted-test.ts';

type Handle = Database.Database;

const SCHEMA = `
  CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE);
  CREATE TABLE strict (x TEXT UNIQUE ON CONFLICT ROLLBACK);
  CREATE TRIGGER undo BEFORE INSERT ON users WHEN new.name = 'undo' BEGIN SELECT RAISE(ROLLBACK, 'undone'); END;
  INSERT INTO users (name) VALUES ('seeded');
`;

const names = (db: Handle): unknown[] =>
  db.prepare('SELECT name FROM users ORDER BY id').pluck().all();
const bytesOf = (file: string): string =>
  createHash('sha256').update(readFileSync(file)).digest('hex');
const isHere = (error: HazardError, side: 'acquired' | 'used'): boolean =>
  basename(error[side]?.place?.file ?? '') === 'rollback.test.ts';

function hazard(error: unknown, code: string, ...said: RegExp[]): HazardError {
  assert.ok(error instanceof HazardError, String(error));
  assert.equal(error.code, code, error.message);
  for (const text of said) assert.match(error.message, text);
  return error;
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** The two kinds of database, each fresh. */
const kinds: Readonly<Record<string, (t: TestContext, options?: SqliteOptions) => SqliteDatabase>> =
  {
    memory: (_t, options) => sqlite({ migrate: SCHEMA, ...options }),
    file: (t, options) =>
      sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA, ...options }),
  };

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind}: a test sees the migrations, and the next one nothing of it`, async (t) => {
    const db = make(t);
    for (const round of [1, 2]) {
      const failure = await runScripted(`round ${String(round)}`, async (inner) => {
        const handle = await db.rollback(inner);
        assert.ok(handle instanceof Database);
        assert.deepEqual(names(handle), ['seeded']);
        handle.transaction(() =>
          handle.prepare("INSERT INTO users (name) VALUES ('kept?')").run(),
        )();
        handle.exec('CREATE TABLE extra (x); BEGIN; DELETE FROM users WHERE id = 1; COMMIT');
        assert.deepEqual(names(handle), ['kept?']);
      });
      assert.equal(failure, undefined);
    }
  });

  test(`${kind}: a transaction left open is undone`, async (t) => {
    const db = make(t);
    const left = (inner: TestContext) =>
      db.rollback(inner).then((handle) => handle.exec('BEGIN; DELETE FROM users'));
    assert.equal(await runScripted('leaves a transaction open', left), undefined);
    await passScripted('next', async (inner) => {
      const handle = await db.rollback(inner);
      assert.equal(handle.inTransaction, false);
      assert.deepEqual(names(handle), ['seeded']);
    });
  });

  test(`${kind}: after its test, the handle and its statements refuse by name`, async (t) => {
    const db = make(t);
    const over = scriptedTest('over');
    const handle = await db.rollback(over.t);
    const statement = handle.prepare('SELECT 1');
    const transaction = handle.transaction(() => 1);
    await over.end();
    const uses: readonly (() => unknown)[] = [
      () => handle.prepare('SELECT 1'),
      () => handle.exec('SELECT 1'),
      () => handle.pragma('user_version'),
      () => handle.transaction(() => 1),
      () => handle.serialize(),
      () => statement.get(),
      () => statement.all(),
      () => statement.iterate(),
      () => transaction(),
    ];
    for (const use of uses) {
      const error = hazard(thrownBy(use), 'no-late-activity', /test "over"/);
      assert.ok(isHere(error, 'acquired') && isHere(error, 'used'), error.message);
    }
    assert.equal(handle.open, false);
    await assert.rejects(db.rollback(over.t), { code: 'no-late-activity' });
  });

  test(`${kind}: close() closes for this test alone, and use after it is named`, async (t) => {
    const db = make(t);
    await passScripted('closes', async (inner) => {
      const handle = await db.rollback(inner);
      const statement = handle.prepare('SELECT 1');
      assert.equal(handle.close(), handle);
      assert.equal(handle.close(), handle);
      assert.equal(handle.open, false);
      for (const use of [() => handle.exec('SELECT 1'), () => statement.get()]) {
        hazard(
          thrownBy(use),
          'no-use-after-end',
          /The database connection is not open/,
          /"closes"/,
          /rollback\.test\.ts/,
        );
      }
    });
    await passScripted('next', async (inner) => {
      assert.deepEqual(names(await db.rollback(inner)), ['seeded']);
    });
  });

  test(`${kind}: an iterator left open is closed and named`, async (t) => {
    const db = make(t);
    const failure = await runScripted('reads on', async (inner) => {
      const handle = await db.rollback(inner);
      assert.equal([...handle.prepare('SELECT 1').iterate()].length, 1);
      handle.prepare('SELECT name FROM users').iterate().next();
      handle.prepare('SELECT 2').iterate().return?.();
    });
    const error = hazard(failure, 'no-late-activity', /"reads on"/, /SELECT name FROM users/);
    assert.doesNotMatch(error.message, /SELECT [12]/);
    assert.ok(isHere(error, 'used'));
    assert.equal(await runScripted('next', (inner) => db.rollback(inner)), undefined);
  });

  test(`${kind}: pragmas that are set at open hold in the test`, async (t) => {
    const db = make(t, { pragma: { foreign_keys: 'OFF', recursive_triggers: 1 } });
    await passScripted('inner', async (inner) => {
      const handle = await db.rollback(inner);
      assert.equal(handle.pragma('foreign_keys', { simple: true }), 0);
      assert.equal(handle.pragma('recursive_triggers', { simple: true }), 1);
    });
  });

  test(`${kind}: settings of one test do not reach the next`, async (t) => {
    const db = make(t);
    await passScripted('sets', async (inner) => {
      const handle = await db.rollback(inner);
      handle.pragma('recursive_triggers = ON');
      handle.pragma('user_version = 5');
      handle.exec('PRAGMA cache_size = 77; PRAGMA query_only(1)');
      handle.prepare('PRAGMA busy_timeout = 123').get();
      handle.defaultSafeIntegers();
      handle.exec("ATTACH ':memory:' AS other");
      assert.equal(handle.pragma('cache_size', { simple: true }), 77n);
    });
    await passScripted('next', async (inner) => {
      const handle = await db.rollback(inner);
      const seen = ['recursive_triggers', 'query_only', 'user_version', 'busy_timeout'].map(
        (name) => handle.pragma(name, { simple: true }),
      );
      assert.deepEqual(seen, [0, 0, 0, 5000]);
      assert.notEqual(handle.pragma('cache_size', { simple: true }), 77);
      assert.equal((handle.pragma('database_list') as unknown[]).length, 1);
    });
  });

  test(`${kind}: a setting that cannot be asked does not, either`, async (t) => {
    const db = make(t);
    const alike = "SELECT 'A' LIKE 'a' AS 'is'";
    await passScripted('sets', async (inner) => {
      const handle = await db.rollback(inner);
      handle.pragma('case_sensitive_like = ON');
      assert.deepEqual(handle.prepare(alike).get(), { is: 0 });
    });
    await passScripted('next', async (inner) => {
      const handle = await db.rollback(inner);
      assert.deepEqual(handle.prepare(alike).get(), { is: 1 });
    });
  });

  test(`${kind}: nothing is opened or migrated before a test asks, and once for all tests`, async (t) => {
    let migrations = 0;
    const db = make(t, {
      migrate: async (handle) => {
        migrations += 1;
        await Promise.resolve();
        handle.exec(SCHEMA);
      },
    });
    assert.equal(migrations, 0);
    for (const name of ['one', 'two']) {
      await passScripted(name, async (inner) => {
        assert.deepEqual(names(await db.rollback(inner)), ['seeded']);
      });
    }
    assert.equal(migrations, 1);
  });

  test(`${kind}: a migration that fails is told first, with its own error as the cause`, async (t) => {
    const db = make(t, { migrate: 'CREATE TABLE fine (x); CREATE TABEL typo (x)' });
    for (const name of ['one', 'two']) {
      const failure = (await runScripted(name, (inner) => db.rollback(inner))) as Error & {
        code: string;
      };
      assert.equal(failure.code, 'ERR_SAVEPOINT_MIGRATION');
      assert.match(failure.message, /near "TABEL": syntax error/);
      assert.ok(failure.cause instanceof Database.SqliteError);
    }
  });

  test(`${kind}: a migration that leaves a transaction open is refused`, async (t) => {
    const db = make(t, { migrate: 'BEGIN; CREATE TABLE x (y)' });
    assert.match(
      String(await runScripted('inner', (inner) => db.rollback(inner))),
      /left a transaction open/,
    );
  });

  test(`${kind}: a directory of migrations runs in the order of names`, async (t) => {
    const directory = tempDir(t);
    writeFileSync(join(directory, '2.sql'), "INSERT INTO users VALUES (1, upper('two'))");
    writeFileSync(join(directory, '1.sql'), 'CREATE TABLE users (id, name)');
    writeFileSync(join(directory, 'README.md'), 'no SQL');
    const db = make(t, { migrate: { directory } });
    await passScripted('inner', async (inner) => {
      assert.deepEqual(names(await db.rollback(inner)), ['TWO']);
    });

    mkdirSync(join(directory, 'empty'));
    for (const wrong of ['empty', 'absent']) {
      const failure = await runScripted('inner', (inner) =>
        make(t, { migrate: { directory: join(directory, wrong) } }).rollback(inner),
      );
      assert.match(String(failure), new RegExp(`directory of migrations.*${wrong}`));
    }
  });
}

test('memory: tests at the same time have a database each, and the handles serve again', async () => {
  const db = sqlite({ migrate: SCHEMA });
  for (const round of ['first', 'second']) {
    const tests = ['a', 'b', 'c'].map((name) => scriptedTest(`${round} ${name}`));
    const handles = await Promise.all(tests.map(({ t }) => db.rollback(t)));
    for (const [index, handle] of handles.entries())
      handle.prepare('INSERT INTO users (name) VALUES (?)').run(String(index));
    assert.deepEqual(handles.map(names), [
      ['seeded', '0'],
      ['seeded', '1'],
      ['seeded', '2'],
    ]);
    for (const inner of tests) assert.equal(await inner.end(), undefined);
  }
});

test("memory: a subtest's sandbox lies in its parent's", async () => {
  const db = sqlite({ migrate: SCHEMA });
  const parent = scriptedTest('parent');
  const outer = await db.rollback(parent.t);
  outer.exec("INSERT INTO users (name) VALUES ('parent')");
  const child = scriptedTest('parent > child');
  const inner = await db.rollback(child.t);
  assert.deepEqual(names(inner), ['seeded', 'parent']);
  inner.exec('DELETE FROM users');
  assert.equal(await child.end(), undefined);
  assert.deepEqual(names(outer), ['seeded', 'parent']);
  assert.equal(await parent.end(), undefined);
});

test('a handle on which a test registered something serves no other', async (t) => {
  for (const db of [
    sqlite({ migrate: SCHEMA }),
    sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA }),
  ]) {
    await passScripted('registers', async (inner) => {
      const handle = await db.rollback(inner);
      assert.equal(
        handle.function('twice', (x: number) => x * 2),
        handle,
      );
      assert.equal(handle.prepare('SELECT twice(21)').pluck().get(), 42);
    });
    await passScripted('next', async (inner) => {
      const handle = await db.rollback(inner);
      assert.throws(() => handle.prepare('SELECT twice(21)'), { message: /no such function/ });
      assert.deepEqual(names(handle), ['seeded']);
    });
  }
});

test('clone: tests at the same time have a copy each, with real transactions', async () => {
  const db = sqlite({ migrate: SCHEMA });
  const tests = ['a', 'b', 'c'].map(scriptedTest);
  const handles = await Promise.all(tests.map(({ t }) => db.clone(t)));
  for (const [index, handle] of handles.entries())
    handle.prepare('INSERT INTO users (name) VALUES (?)').run(String(index));
  assert.deepEqual(handles.map(names), [
    ['seeded', '0'],
    ['seeded', '1'],
    ['seeded', '2'],
  ]);
  handles[0]?.exec('VACUUM');
  handles[0]?.pragma('foreign_keys = OFF');
  assert.throws(
    () =>
      handles[0]?.exec(
        "BEGIN; INSERT INTO users (name) VALUES ('gone'); INSERT OR ROLLBACK INTO users (name) VALUES ('seeded')",
      ),
    {
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    },
  );
  assert.equal(handles[0]?.inTransaction, false);
  for (const inner of tests) assert.equal(await inner.end(), undefined);
});

test('a database without any option is empty and writable', async () => {
  await passScripted('inner', async (inner) => {
    const handle = await sqlite().rollback(inner);
    handle.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    assert.deepEqual(handle.prepare('SELECT x FROM t').all(), [{ x: 1 }]);
  });
});

test("a backup of an app's own handle is refused while a test has it", async (t) => {
  const handle = new Database(':memory:');
  const file = join(tempDir(t), 'backup.db');
  handle.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
  const watch = watchHandle(handle, () => new BetterRawHandle(handle));
  const lease = new Lease(() => 'test "inner"', captureTrace());
  const use = watch.enter(lease);
  await assert.rejects(handle.backup(file), { code: 'no-non-transactional-ddl' });
  lease.end();
  watch.leave(use);
  use.close();
  watch.restore();
  await handle.backup(file);
  assert.deepEqual(rowsIn(file), [{ x: 1 }]);
});

function rowsIn(file: string): unknown[] {
  const handle = new Database(file);
  try {
    return handle.prepare('SELECT * FROM t').all();
  } finally {
    handle.close();
  }
}

// ---- files

/** Statements the sandbox of a file refuses, and what the message must hold. */
const refused: readonly [string, RegExp][] = [
  ['VACUUM', /VACUUM/],
  ["VACUUM INTO 'x.db'", /VACUUM/],
  [
    'PRAGMA foreign_keys = OFF',
    /PRAGMA foreign_keys .*sqlite\(\{ pragma: \{ foreign_keys: "off" \} \}\)/s,
  ],
  ['pragma main.foreign_keys(0)', /PRAGMA foreign_keys/],
  ['PRAGMA journal_mode = WAL', /PRAGMA journal_mode/],
  ['PRAGMA synchronous = OFF', /PRAGMA synchronous/],
  ['PRAGMA wal_checkpoint(TRUNCATE)', /PRAGMA wal_checkpoint/],
];

for (const [sql, text] of refused) {
  test(`file: ${sql} is refused with the way out, and the test goes on`, async (t) => {
    const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
    const failure = await runScripted('inner', async (inner) => {
      const handle = await db.rollback(inner);
      const ways: (() => unknown)[] = [
        () => handle.exec(`SELECT 1; ${sql}; SELECT 2`),
        () => handle.prepare(sql).run(),
      ];
      for (const way of ways) {
        const error = hazard(thrownBy(way), 'no-non-transactional-ddl', text, /test "inner"/);
        assert.ok(isHere(error, 'acquired') && isHere(error, 'used'));
      }
      assert.deepEqual(names(handle), ['seeded']);
    });
    assert.equal(failure, undefined);
  });
}

test('file: the sandbox reads its own numbers, whatever integers the app prefers', async (t) => {
  const migrate =
    'CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED)';
  const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate });
  const failure = await runScripted('inner', async (inner) => {
    const handle = (await db.rollback(inner)).defaultSafeIntegers();
    handle.pragma('foreign_keys = ON');
    assert.throws(() => handle.exec('BEGIN; INSERT INTO b VALUES (1); COMMIT'), {
      code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    });
    assert.equal(handle.inTransaction, true);
  });
  assert.equal(failure, undefined);
});

test('file: what is set already may be set again', async (t) => {
  const db = sqlite({
    file: join(tempDir(t), 'test.db'),
    migrate: SCHEMA,
    pragma: { journal_mode: 'WAL', synchronous: 'NORMAL' },
  });
  const failure = await runScripted('inner', async (inner) => {
    const handle = await db.rollback(inner);
    assert.deepEqual(handle.pragma('journal_mode = wal'), [{ journal_mode: 'wal' }]);
    assert.deepEqual(handle.pragma('foreign_keys = ON'), []);
    assert.deepEqual(handle.pragma('synchronous = 1'), []);
    handle.exec('PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = true');
    handle.prepare('PRAGMA synchronous = NORMAL').run();
    assert.equal(handle.pragma('synchronous', { simple: true }), 1);
  });
  assert.equal(failure, undefined);
});

/** Statements that end every transaction around them. */
const endings = [
  "INSERT OR ROLLBACK INTO users (name) VALUES ('seeded')",
  "INSERT INTO strict VALUES ('x'), ('x')",
  "INSERT INTO users (name) VALUES ('undo')",
];

for (const sql of endings) {
  test(`file: ${sql} loses the sandbox, by name, and the next test is clean`, async (t) => {
    const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
    const failure = await runScripted('inner', async (inner) => {
      const handle = await db.rollback(inner);
      handle.exec("INSERT INTO users (name) VALUES ('kept')");
      const error = hazard(
        thrownBy(() => handle.exec(sql)),
        'no-nested-begin',
        /"inner"/,
      );
      assert.ok(error.message.includes(sql));
      assert.ok(error.cause instanceof Database.SqliteError);
      assert.equal(
        thrownBy(() => handle.prepare('SELECT 1')),
        error,
        'whatever comes next',
      );
    });
    hazard(failure, 'no-nested-begin');
    await passScripted('next', async (inner) => {
      assert.deepEqual(names(await db.rollback(inner)), ['seeded']);
    });
  });
}

for (const sql of endings) {
  test(`file: ${sql} undoes what the app began, and no more, where nothing was committed before`, async (t) => {
    const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
    const failure = await runScripted('inner', async (inner) => {
      const handle = await db.rollback(inner);
      for (const begin of [undefined, 'BEGIN', 'SAVEPOINT mine']) {
        if (begin) handle.exec(`${begin}; INSERT INTO users (name) VALUES ('pending')`);
        assert.throws(() => handle.prepare(sql).run(), Database.SqliteError);
        assert.equal(handle.inTransaction, false);
        assert.deepEqual(names(handle), ['seeded']);
      }
      handle.transaction(() => handle.exec("INSERT INTO users (name) VALUES ('goes on')"))();
      assert.deepEqual(names(handle), ['seeded', 'goes on']);
    });
    assert.equal(failure, undefined);
    await passScripted('next', async (inner) => {
      assert.deepEqual(names(await db.rollback(inner)), ['seeded']);
    });
  });
}

for (const journal of ['delete', 'wal'] as const) {
  test(`file, ${journal}: the bytes are the same after the tests, and another handle saw nothing`, async (t) => {
    const file = join(tempDir(t), 'test.db');
    const db = sqlite({ file, migrate: SCHEMA, pragma: { journal_mode: journal } });
    await passScripted('opens', (inner) => db.rollback(inner));
    const before = bytesOf(file);
    await passScripted('writes', async (inner) => {
      const handle = await db.rollback(inner);
      handle.transaction(() =>
        handle.exec(
          "INSERT INTO users (name) VALUES ('x'); PRAGMA user_version = 3; CREATE TABLE extra (x)",
        ),
      )();
      handle.exec('BEGIN; DELETE FROM users; COMMIT');
      const other = new Database(file, { readonly: true });
      assert.deepEqual(names(other), ['seeded']);
      other.close();
    });
    // The lock is kept for the next test until the process turns to something else.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(bytesOf(file), before);
    assert.deepEqual(
      readdirSync(join(file, '..')).filter((name) => name.endsWith('-journal')),
      [],
    );
  });
}

test("file: somebody else's file is used as it is, and never changed", async (t) => {
  const file = join(tempDir(t), 'app.db');
  const own = new Database(file);
  own.exec(SCHEMA);
  own.close();
  const before = bytesOf(file);
  const db = sqlite({ file });
  await passScripted('inner', async (inner) => {
    const handle = await db.rollback(inner);
    handle.exec('DELETE FROM users');
    assert.equal(handle.name, file);
    assert.equal(handle.memory, false);
  });
  assert.equal(bytesOf(file), before);

  const refused_ = (await runScripted('inner', (inner) =>
    sqlite({ file, migrate: 'CREATE TABLE more (x)' }).rollback(inner),
  )) as Error & { code: string };
  assert.equal(refused_.code, 'ERR_SAVEPOINT_SQLITE_NOT_OURS');
  assert.equal(bytesOf(file), before);
});

for (const journal of ['delete', 'wal'] as const) {
  test(`file, ${journal}: the same migrations again change nothing, others migrate anew`, async (t) => {
    const file = join(tempDir(t), 'test.db');
    const useOnce = (migrate: string, expected: readonly string[]) =>
      runScripted('inner', async (inner) => {
        const db = sqlite({ file, migrate, pragma: { journal_mode: journal } });
        const handle = await db.rollback(inner);
        assert.equal(handle.pragma('journal_mode', { simple: true }), journal);
        const columns = handle.prepare('SELECT * FROM users').columns();
        assert.deepEqual(
          columns.map(({ name }) => name),
          expected,
        );
        handle.exec('DELETE FROM users');
      });
    assert.equal(await useOnce(SCHEMA, ['id', 'name']), undefined);
    const before = bytesOf(file);
    assert.equal(await useOnce(SCHEMA, ['id', 'name']), undefined);
    assert.equal(bytesOf(file), before);
    const other = 'CREATE TABLE users (id, name, added)';
    assert.equal(await useOnce(other, ['id', 'name', 'added']), undefined);
  });
}

test('file: a relative path is from where sqlite() is called', async (t) => {
  const home = tempDir(t);
  chdir(t, home);
  const db = sqlite({ file: 'test.db', migrate: SCHEMA });
  chdir(t, tempDir(t));
  await passScripted('inner', async (inner) => {
    assert.equal((await db.rollback(inner)).name, join(home, 'test.db'));
  });
});

test('file: a failing migration leaves no file', async (t) => {
  const file = join(tempDir(t), 'test.db');
  await runScripted('inner', (inner) =>
    sqlite({ file, migrate: 'CREATE TABEL x' }).rollback(inner),
  );
  assert.equal(existsSync(file), false);
});

test('file: two tests at once are refused by name, and the first goes on', async (t) => {
  const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
  const first = scriptedTest('first');
  const second = scriptedTest('second');
  const handle = await db.rollback(first.t);
  await assert.rejects(db.rollback(second.t), {
    code: 'no-shared-sqlite-file',
    message: /"second".*"first" uses it[^]*rollback\.test\.ts:\d+/,
  });
  assert.deepEqual(names(handle), ['seeded']);
  assert.equal(await first.end(), undefined);
  assert.deepEqual(names(await db.rollback(second.t)), ['seeded']);
  assert.equal(await second.end(), undefined);
});

test("file: a subtest's sandbox lies in its parent's", async (t) => {
  const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
  const parent = scriptedTest('parent');
  const outer = await db.rollback(parent.t);
  outer.exec("INSERT INTO users (name) VALUES ('parent')");
  for (const name of ['one', 'two']) {
    const child = scriptedTest(`parent > ${name}`);
    const inner = await db.rollback(child.t);
    assert.deepEqual(names(inner), ['seeded', 'parent']);
    inner.exec(
      `BEGIN; INSERT INTO users (name) VALUES ('${name}'); COMMIT; DELETE FROM users WHERE name = 'parent'`,
    );
    assert.equal(await child.end(), undefined);
  }
  assert.deepEqual(names(outer), ['seeded', 'parent']);
  assert.equal(await parent.end(), undefined);
});

test('file: a test that ended without its hooks does not keep the next one out', async (t) => {
  const db = sqlite({ file: join(tempDir(t), 'test.db'), migrate: SCHEMA });
  const skipped = scriptedTest('skipped');
  (await db.rollback(skipped.t)).exec('DELETE FROM users');
  skipped.skip();
  await passScripted('next', async (inner) => {
    assert.deepEqual(names(await db.rollback(inner)), ['seeded']);
  });
});

test('file: one that another handle is writing to is a clear error', async (t) => {
  const file = join(tempDir(t), 'test.db');
  const db = sqlite({ file, migrate: SCHEMA, pragma: { busy_timeout: 1 } });
  await passScripted('opens', (inner) => db.rollback(inner));
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const failure = (await runScripted('inner', (inner) => db.rollback(inner))) as Error & {
    code: string;
  };
  other.close();
  assert.equal(failure.code, 'no-shared-sqlite-file');
  assert.match(failure.message, /locked by another process/);
});

test('file: what is no database is said by SQLite', async (t) => {
  const file = join(tempDir(t), 'notes.txt');
  writeFileSync(
    file,
    'Shopping list: no database in here, but long enough to be read as one. '.repeat(20),
  );
  const failure = await runScripted('inner', (inner) => sqlite({ file }).rollback(inner));
  assert.match(String(failure), /file is not a database/);
});

test('file: its lock is kept for the next test, and let go for whoever else of the process wants it', async (t) => {
  const file = join(tempDir(t), 'test.db');
  const options = { file, migrate: SCHEMA, pragma: { busy_timeout: 0 } };
  const db = sqlite(options);
  const other = new Database(file, { timeout: 0 });
  t.after(() => other.close());
  const ways: readonly (() => unknown)[] = [
    () => other.exec('UPDATE users SET name = name'),
    () => other.prepare('UPDATE users SET name = name').run(),
    () => other.transaction(() => other.exec('UPDATE users SET name = name')).immediate(),
    () => runScripted('another description', (inner) => sqlite(options).rollback(inner)),
  ];
  for (const way of ways) {
    await passScripted('writes', async (inner) => {
      (await db.rollback(inner)).exec('DELETE FROM users');
    });
    const failure = await way();
    assert.ok(!(failure instanceof Error), String(failure));
  }
});
