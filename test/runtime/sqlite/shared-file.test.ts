/** A file that others use too: the author of the test is told, and nobody waits for what is only kept. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { tempDir } from '../../../runtime/src/process/index.ts';
import { passScripted, runScripted } from '../support/scripted-test.ts';
import { DRIVERS, rowsOf, type DriverHere } from './drivers.ts';

const MIGRATE = 'CREATE TABLE users (name TEXT)';

function onFile(t: TestContext, driver: DriverHere, journal = 'WAL') {
  const file = join(tempDir(t), 'test.db');
  const db = driver.describe({ file, migrate: MIGRATE, pragma: { journal_mode: journal } });
  return { file, db };
}

for (const driver of DRIVERS) {
  test(`${driver.name}: a second connection during a test is told of, once`, async (t) => {
    const { file, db } = onFile(t, driver);
    const failure = await runScripted('inner', async (inner) => {
      const handle = await db.rollback(inner);
      handle.exec("INSERT INTO users VALUES ('Ada')");
      const other = driver.open(file);
      const warned = once(process, 'warning');
      for (let times = 0; times < 2; times++)
        assert.deepEqual(rowsOf(other, 'SELECT * FROM users'), []);
      other.close();
      const [warning] = (await warned) as [Error & { code?: string }];
      assert.equal(warning.code, 'no-shared-sqlite-file');
      assert.match(warning.message, /test "inner" had .*test\.db[^]*shared-file\.test\.ts/);
    });
    assert.equal(failure, undefined);
  });

  for (const [what, replace] of [
    ['deleted', () => undefined],
    ['replaced', (file: string) => (copyFileSync(`${file}.copy`, file), undefined)],
  ] as const)
    test(`${driver.name}: a file that was ${what} between tests is named, and the next test has the new one`, async (t) => {
      const { file, db } = onFile(t, driver);
      assert.equal(await runScripted('first', (inner) => db.rollback(inner)), undefined);
      await new Promise((resolve) => setImmediate(resolve));
      copyFileSync(file, `${file}.copy`);
      rmSync(file);
      replace(file);
      const failure = await runScripted('second', (inner) => db.rollback(inner));
      assert.equal((failure as { code?: string }).code, 'no-shared-sqlite-file');
      assert.match(String(failure), /was deleted or replaced/);
      const third = await runScripted('third', async (inner) => {
        assert.deepEqual(rowsOf(await db.rollback(inner), 'SELECT * FROM users'), []);
      });
      assert.equal(third, undefined);
    });

  test(`${driver.name}: a transaction that is left open is told of`, async (t) => {
    const { db } = onFile(t, driver);
    const warned = once(process, 'warning');
    await passScripted('leaves it', async (inner) => {
      (await db.rollback(inner)).exec('BEGIN; DELETE FROM users');
    });
    const [warning] = (await warned) as [Error & { code?: string }];
    assert.equal(warning.code, 'no-async-sqlite-transaction');
  });
}
