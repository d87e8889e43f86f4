/** Copies that an app makes of its database by the driver: whole, or refused by name, never without what the test wrote. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { tempDir } from '../../../runtime/src/process/index.ts';
import { runScripted } from '../support/scripted-test.ts';
import { DRIVERS, rowsOf, type AnyHandle, type DriverHere } from './drivers.ts';

type Copy = (from: AnyHandle, to: string) => Promise<void>;

/** The ways that this driver has on this Node. */
function waysOf(driver: DriverHere): Readonly<Record<string, Copy>> {
  const probe = driver.open(':memory:') as AnyHandle & Copying;
  probe.close();
  const module = process.getBuiltinModule('node:sqlite') as { backup?: Copying['backup'] };
  const hasBackup = driver.name === 'better-sqlite3' || module.backup !== undefined;
  return {
    ...(hasBackup && {
      backup: async (from: AnyHandle, to: string) => {
        const { backup } = from as Partial<Copying>;
        await (backup ? backup.call(from, to) : module.backup?.(from, to));
      },
    }),
    ...(probe.serialize && {
      serialize: (from: AnyHandle, to: string) => {
        writeFileSync(to, (from as Copying).serialize?.() ?? '');
        return Promise.resolve();
      },
    }),
  };
}

interface Copying extends AnyHandle {
  backup(...args: readonly unknown[]): Promise<unknown>;
  serialize?(): Uint8Array;
}

const MIGRATE = 'CREATE TABLE t (x)';

for (const driver of DRIVERS)
  for (const [way, copy] of Object.entries(waysOf(driver)))
    for (const place of ['memory', 'file'] as const) {
      const copyOf = async (t: TestContext, sandbox: 'rollback' | 'clone', write: boolean) => {
        const folder = tempDir(t);
        const [file, to] = [join(folder, 'app.db'), join(folder, 'copy.db')];
        const db = driver.describe({ migrate: MIGRATE, ...(place === 'file' && { file }) });
        const failure = await runScripted('inner', async (inner) => {
          const handle = await db[sandbox](inner);
          if (write) handle.exec('INSERT INTO t VALUES (1)');
          await copy(handle, to);
        });
        if (failure !== undefined) return (failure as { code?: unknown }).code;
        const copied = driver.open(to);
        t.after(() => copied.close());
        return rowsOf(copied, 'SELECT x FROM t').length;
      };

      test(`${driver.name}, ${place}: ${way} of a sandbox that was written to`, async (t) => {
        const isWhole = way === 'serialize' && place === 'file';
        assert.equal(await copyOf(t, 'rollback', true), isWhole ? 1 : 'no-non-transactional-ddl');
      });

      test(`${driver.name}, ${place}: ${way} of a sandbox that was not`, async (t) => {
        const refused = 'no-non-transactional-ddl';
        assert.equal(await copyOf(t, 'rollback', false), way === 'serialize' ? 0 : refused);
      });

      test(`${driver.name}, ${place}: ${way} of a copy of the test's own`, async (t) => {
        assert.equal(await copyOf(t, 'clone', true), 1);
      });
    }
