/** What a user may give that cannot work: said in words, with what to do, on each driver. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { tempDir } from '../../../runtime/src/process/index.ts';
import { sqlite } from '../../../runtime/src/sqlite/index.ts';
import { runScripted } from '../support/scripted-test.ts';
import { DRIVERS, rowsOf, type AnyHandle, type DriverHere } from './drivers.ts';

interface BadInput {
  readonly title: string;
  /** @returns the file */
  readonly prepare: (folder: string, driver: DriverHere) => string;
  readonly migrate?: string;
  readonly code: string;
  readonly says: RegExp;
}

const SCHEMA = 'CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)';

/** A database of some pages. */
function made(folder: string, driver: DriverHere): string {
  const file = join(folder, 'test.db');
  const handle = driver.open(file);
  handle.exec(`${SCHEMA}; INSERT INTO users VALUES (1, hex(zeroblob(20000)))`);
  handle.close();
  return file;
}

const BAD_INPUTS: readonly BadInput[] = [
  {
    title: 'a file that is no database',
    prepare: (folder) => {
      const file = join(folder, 'notes.txt');
      writeFileSync(file, 'Shopping list, and nothing that anybody could query. '.repeat(30));
      return file;
    },
    code: 'ERR_SAVEPOINT_SQLITE_FILE',
    says: /notes\.txt is no SQLite database \(file is not a database\)/,
  },
  {
    title: 'a damaged database',
    prepare: (folder, driver) => {
      const file = made(folder, driver);
      const bytes = readFileSync(file);
      bytes.fill(0xff, 100, 4096);
      writeFileSync(file, bytes);
      return file;
    },
    code: 'ERR_SAVEPOINT_SQLITE_FILE',
    says: /test\.db is a damaged SQLite database/,
  },
  {
    title: 'a directory',
    prepare: (folder) => {
      mkdirSync(join(folder, 'data'));
      return join(folder, 'data');
    },
    code: 'ERR_SAVEPOINT_SQLITE_FILE',
    says: /data is a directory; name a file in it/,
  },
  {
    title: 'a folder that does not exist',
    prepare: (folder) => join(folder, 'nowhere', 'test.db'),
    code: 'ERR_SAVEPOINT_SQLITE_FILE',
    says: /its folder does not exist/,
  },
  {
    title: 'tables of somebody else where migrations would go',
    prepare: made,
    migrate: SCHEMA,
    code: 'ERR_SAVEPOINT_SQLITE_NOT_OURS',
    says: /tables that savepoint did not make/,
  },
];

for (const driver of DRIVERS) {
  for (const { title, prepare, migrate, code, says } of BAD_INPUTS)
    test(`${driver.name}: ${title}`, async (t) => {
      const file = prepare(tempDir(t), driver);
      const db = driver.describe({ file, ...(migrate !== undefined && { migrate }) });
      for (const name of ['one', 'two'])
        await assert.rejects(
          async () => {
            throw await runScripted(name, (inner) => db.rollback(inner));
          },
          { name: 'SetupError', code, message: says },
        );
    });

  test(`${driver.name}: a file that may not be written is read, as for real, and migrations are not written to it`, async (t) => {
    const folder = tempDir(t);
    const file = made(folder, driver);
    chmodSync(folder, 0o755);
    chmodSync(file, 0o444);
    const db = driver.describe({ file });
    const asNobody = async (run: () => Promise<unknown>): Promise<unknown> => {
      const own = process.geteuid?.();
      if (own === 0) process.seteuid?.(65_534); // Nothing is forbidden to root.
      try {
        return await run();
      } finally {
        if (own === 0) process.seteuid?.(own);
      }
    };
    const read = await asNobody(() =>
      runScripted('reads', async (inner) => {
        const handle = await db.rollback(inner);
        assert.equal(rowsOf(handle, 'SELECT id FROM users').length, 1);
        assert.throws(() => handle.exec('DELETE FROM users'), {
          message: 'attempt to write a readonly database',
        });
      }),
    );
    assert.equal(read, undefined);
    const empty = join(folder, 'empty.db');
    writeFileSync(empty, '', { mode: 0o444 });
    const failure = await asNobody(() =>
      runScripted('migrates', (inner) =>
        driver.describe({ file: empty, migrate: SCHEMA }).rollback(inner),
      ),
    );
    assert.equal((failure as { code?: string }).code, 'ERR_SAVEPOINT_SQLITE_READONLY');
    assert.match(String(failure), /empty\.db cannot be written/);
    const copied = await asNobody(() =>
      runScripted('copies', async (inner) => {
        const copy: AnyHandle = await db.clone(inner);
        copy.exec('DELETE FROM users');
        assert.deepEqual(rowsOf(copy, 'SELECT * FROM users'), []);
      }),
    );
    assert.equal(copied, undefined);
  });

  test(`${driver.name}: migrations of a directory that cannot be told apart, or are not there`, async (t) => {
    const folder = tempDir(t);
    const directory = pathToFileURL(folder);
    const migrating = async () => {
      throw await runScripted('inner', (inner) =>
        driver.describe({ migrate: { directory } as never }).rollback(inner),
      );
    };
    const code = 'ERR_SAVEPOINT_MIGRATIONS';
    writeFileSync(join(folder, '1.down.sql'), 'DROP TABLE users');
    await assert.rejects(migrating, { code, message: /holds no \.sql file/ });
    writeFileSync(join(folder, '1.sql'), SCHEMA);
    writeFileSync(join(folder, '1.up.sql'), SCHEMA);
    await assert.rejects(migrating, {
      code,
      message: /two migrations of the name "1": 1\.sql and 1\.up\.sql/,
    });
  });

  test(`${driver.name}: SQL that cannot run in a transaction runs in migrations, and in a copy`, async () => {
    const db = driver.describe({ migrate: `${SCHEMA}; VACUUM; PRAGMA foreign_keys = OFF` });
    const failure = await runScripted('inner', async (inner) => {
      (await db.clone(inner)).exec('VACUUM; PRAGMA foreign_keys = OFF');
      const handle = await db.rollback(inner);
      assert.throws(() => handle.exec('VACUUM'), {
        code: 'no-non-transactional-ddl',
        message: /db\.clone\(t\)/,
      });
    });
    assert.equal(failure, undefined);
  });

  test(`${driver.name}: a pragma that is none`, async (t) => {
    const db = driver.describe({ file: made(tempDir(t), driver), pragma: { 'no such': 1 } });
    const failure = await runScripted('inner', (inner) => db.rollback(inner));
    assert.equal((failure as { code?: string }).code, 'ERR_SAVEPOINT_SQLITE_PRAGMA');
  });
}

test('a driver that there is not', () => {
  assert.throws(() => sqlite({ driver: 'sql.js' as never }), {
    code: 'ERR_SAVEPOINT_SQLITE_DRIVER',
  });
});

test('node:sqlite where Node has none', { skip: hasNodeSqlite() }, async () => {
  const failure = await runScripted('inner', (inner) =>
    sqlite({ driver: 'node:sqlite' }).rollback(inner),
  );
  assert.equal((failure as { code?: string }).code, 'ERR_SAVEPOINT_NODE_SQLITE');
  assert.match(String(failure), /Node 22\.13/);
});

function hasNodeSqlite(): string | false {
  return process.getBuiltinModule('node:sqlite') ? 'this Node has it' : false;
}
